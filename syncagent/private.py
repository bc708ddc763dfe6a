"""Directories and files that are for one user alone: made so from their first moment (HAZARDS G5).

Called by both halves, and by whoever else opens a file of ours; knows nothing of what is in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from pathlib import Path
from typing import Final

from syncagent.errors import BadConfig

if sys.platform == "win32":
    from syncagent.windows.security import security

SOCKET_ROOM: Final = 100
"""``sun_path`` has 108 bytes on Linux, 104 on macOS; the closing zero and some air are taken off."""


if sys.platform == "win32":
    UNFOLLOWED: Final = os.O_NOINHERIT | os.O_BINARY
    NEVER_WAITING: Final = 0
else:
    UNFOLLOWED: Final = os.O_NOFOLLOW | os.O_CLOEXEC
    NEVER_WAITING: Final = os.O_NONBLOCK
"""Goes with each opening of a file of ours: no link is followed (on Windows nobody else can put one there: see
``windows.security``), no program that we start gets it, and what is written is what is in it."""


if sys.platform == "win32":

    def control_socket(data_dir: Path) -> Path:
        """Where what runs with ``data_dir`` (absolute) can be asked (see ``meeting``): the same for all who do."""
        return data_dir / "run" / "control.json"

else:

    def control_socket(data_dir: Path) -> Path:
        """Where what runs with ``data_dir`` (absolute) listens for commands: the same for everyone who asks about
        it."""
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
        str(directory).encode()
    except UnicodeEncodeError:  # databases have names that are text
        raise BadConfig(f"{str(directory)!r} cannot be used: its name is not valid UTF-8") from None
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        try:
            _make(directory)
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
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | UNFOLLOWED, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        make_durable(path.parent)
    except OSError as error:
        raise BadConfig(f"{path} cannot be written: {error.strerror}") from None
    except UnicodeEncodeError as error:  # a name that is no text, such as a path of another encoding
        with contextlib.suppress(OSError):
            new.unlink()
        raise BadConfig(f"{path} cannot have {error.object[error.start : error.end]!r} in it: it is no text") from None


if sys.platform == "win32":

    def make_durable(directory: Path | str) -> None:
        """Make the names in ``directory`` durable.  NTFS keeps a journal of names, and takes no other word on them."""

    def another_ones(found: os.stat_result) -> bool:  # noqa: ARG001 - what is asked of a mode elsewhere
        """Whether what was found belongs to another user.  Here what it lies in says so (``make_private``)."""
        return False

    def open_to_others(found: os.stat_result) -> int:  # noqa: ARG001 - the same
        """What others may do with it, by its mode; 0 is nothing.  Here it goes by what it lies in."""
        return 0

    def our_uid() -> int | None:
        """Whose process this is; None where users have no numbers."""
        return None

    def _make(directory: Path) -> None:
        security().make_folder(str(directory))

    def _tighten(directory: Path) -> None:
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT:
            raise NotADirectoryError(20, "it is no folder of its own")
        if not security().is_ours(str(directory)):
            raise BadConfig(f"{directory} belongs to another user")
        security().close_to_others(str(directory))

else:

    def make_durable(directory: Path | str) -> None:
        """Make the names in ``directory`` durable.

        Else the power could take a new name back, and leave the older file.
        """
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def another_ones(found: os.stat_result) -> bool:
        """Whether what was found belongs to another user."""
        return found.st_uid != os.getuid()

    def open_to_others(found: os.stat_result) -> int:
        """What others may do with it, by its mode; 0 is nothing."""
        return stat.S_IMODE(found.st_mode) & 0o077

    def our_uid() -> int | None:
        """Whose process this is; None where users have no numbers."""
        return os.getuid()

    def _make(directory: Path) -> None:
        directory.mkdir(mode=0o700)

    def _tighten(directory: Path) -> None:
        # The check is on what was opened, not on the name: in /tmp someone else could change what the name means.
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | UNFOLLOWED)
        try:
            found = os.fstat(handle)
            if another_ones(found):
                raise BadConfig(f"{directory} belongs to another user")
            if open_to_others(found):
                os.fchmod(handle, 0o700)
        finally:
            os.close(handle)
