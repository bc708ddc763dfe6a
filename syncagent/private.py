"""Directories and files that are for one user alone: made so from their first moment (HAZARDS G5).

Called by both halves, and by whoever else opens a file of ours; knows nothing of what is in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path
from typing import Final

from syncagent.errors import BadConfig

SOCKET_ROOM: Final = 100
"""``sun_path`` has 108 bytes on Linux, 104 on macOS; the closing zero and some air are taken off."""


def control_socket(data_dir: Path) -> Path:
    """Where what runs with ``data_dir`` (absolute) listens for commands: the same for everyone who asks about it."""
    near = data_dir / "run" / "control.sock"
    if len(os.fsencode(near)) <= SOCKET_ROOM:
        return near
    # Not TMPDIR nor XDG_RUNTIME_DIR: these differ between a login, a service and a cron job of the same user.
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:20]
    return Path(f"/tmp/syncagent-{os.getuid()}") / f"{digest}.sock"  # noqa: S108 - checked by ``make_private``


def make_private(directory: Path) -> Path:
    """Make ``directory`` if it is not there, for this user alone, and check that it is.

    Raises BadConfig when it cannot be made, is no directory, belongs to someone else, or others may write into it.
    """
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        try:
            directory.mkdir(mode=0o700)
        except FileExistsError:
            _tighten(directory)
    except OSError as error:
        raise BadConfig(f"{directory} cannot be used: {error.strerror}") from None
    return directory


def write_private(path: Path, text: str, *, private_directory: bool = True) -> None:
    """Write a file that has mode 0600 from its first moment, and that replaces an older one whole, durably.
    ``private_directory``: what it lies in is ours, and nobody else's.

    Raises BadConfig when it cannot be written.
    """
    if private_directory:
        make_private(path.parent)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        _make_durable(path.parent)
    except OSError as error:
        raise BadConfig(f"{path} cannot be written: {error.strerror}") from None


def _make_durable(directory: Path) -> None:
    """Else the power could take the new name back, and leave the older file."""
    if os.name == "posix":
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _tighten(directory: Path) -> None:
    # The check is on what was opened, not on the name: in /tmp someone else could change what the name means.
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(directory, flags)
    try:
        found = os.fstat(handle)
        if found.st_uid != os.getuid():
            raise BadConfig(f"{directory} belongs to another user")
        if stat.S_IMODE(found.st_mode) & 0o077:
            os.fchmod(handle, 0o700)
    finally:
        os.close(handle)
