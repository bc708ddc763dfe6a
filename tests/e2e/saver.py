"""A program of the user's that saves one file in many ways; a process of its own, so that it truly runs beside us.

``python saver.py ROOT`` reads lines ``how tag wait``: after so many nanoseconds it saves ``ROOT/a`` in that way, with a
content that has ``tag`` in it, and answers with what it displaced itself (only an exchange can tell), or ``-``.
It knows nothing of ours.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time
from collections.abc import Callable

LENGTH = 4096
"""All contents of these races have this length: no size gives an edit away."""


def content(tag: str) -> bytes:
    """Whole, or plainly not: the tag stands at the start of every line."""
    line = f"{tag:<31}\n".encode()
    return line * (LENGTH // len(line))


def in_place(path: str, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.write(file, data[: LENGTH // 2])
    os.write(file, data[LENGTH // 2 :])
    os.close(file)


def truncate(path: str, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(file, data)
    os.close(file)


def slowly(path: str, data: bytes) -> None:
    """The file is open for a while before the first byte is written, and before it is closed."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    time.sleep(0.0005)
    os.write(file, data)
    time.sleep(0.0005)
    os.close(file)


def append(path: str, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, data)
    os.close(file)


def replace(path: str, data: bytes) -> None:
    truncate(path + ".tmp", data)
    os.rename(path + ".tmp", path)


def delete_and_create(path: str, data: bytes) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    truncate(path, data)


def aside_and_create(path: str, data: bytes) -> None:
    """vim's way: the old text becomes the backup, and goes when the new one is written."""
    with contextlib.suppress(FileNotFoundError):
        os.rename(path, path + "~")
    truncate(path, data)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path + "~")


def exchange(path: str, data: bytes) -> None:
    truncate(path + ".tmp", data)
    renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    if renameat2(-100, os.fsencode(path + ".tmp"), -100, os.fsencode(path), 2) != 0:
        os.rename(path + ".tmp", path)
    else:
        os.unlink(path + ".tmp")


WAYS: dict[str, Callable[[str, bytes], None]] = {
    way.__name__: way
    for way in (in_place, truncate, slowly, append, replace, delete_and_create, aside_and_create, exchange)
}


def main() -> None:
    path = os.path.join(sys.argv[1], "a")
    for line in sys.stdin:
        how, tag, wait = line.split()
        start = time.perf_counter_ns() + int(wait)
        while time.perf_counter_ns() < start:
            pass
        WAYS[how](path, content(tag))
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
