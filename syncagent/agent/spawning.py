"""How other programs are started and ended here: what differs between systems."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import subprocess
import sys
from typing import Any, Final

_AS_WRITTEN: Final = sys.platform == "win32"


def apart() -> dict[str, Any]:
    """What ``Popen`` is told so that a program outlives who has started it, and has no window of a console."""
    if sys.platform == "win32":
        # Not DETACHED_PROCESS: what such a program starts in turn would get a console window each.
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": flags, "cwd": os.environ.get("SYSTEMROOT") or None}
    else:  # noqa: RET505 - a type checker follows one platform's branch only when it is one
        return {"start_new_session": True, "cwd": "/"}


def own_group() -> dict[str, Any]:
    """What it is told so that ``end_with_all`` ends what the program has started, too."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    else:  # noqa: RET505 - as above
        return {"start_new_session": True}


def words_of(command: str, *, as_written: bool = _AS_WRITTEN) -> list[str]:
    """The words of a command that a person has written.  Raises ValueError.

    On Windows (``as_written``) a backslash is part of a path, and quotes go around a whole word.
    """
    if not as_written:
        return shlex.split(command)
    reader = shlex.shlex(command, posix=True, punctuation_chars=False)
    reader.whitespace_split, reader.commenters, reader.escape, reader.quotes = True, "", "", '"'
    return list(reader)


async def end_with_all(process: asyncio.subprocess.Process) -> None:
    """End it with all that it has started, where it has not ended by itself."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            await _end_tree(process.pid)
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def _end_tree(pid: int) -> None:
    ending = await asyncio.create_subprocess_exec(
        "taskkill", "/PID", str(pid), "/T", "/F",
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    await ending.wait()
