"""Small files in directories that are not ours: read if there, written whole or not at all, removed.

Unlike those of ``private`` they are for the system to read, and the directories keep the mode that they have.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path

from syncagent.errors import SyncAgentError


def read_text(path: Path) -> str | None:
    """None when there is nothing of that name.  Raises SyncAgentError when it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        # A link that leads nowhere is something that a person has made.
        return "" if path.is_symlink() else None
    except OSError as error:
        raise SyncAgentError(f"{path} cannot be read: {error.strerror}") from None


def write_whole(path: Path, content: bytes) -> None:
    """Durably, and so that whoever reads finds the old file or the new one.  Raises SyncAgentError."""
    new = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, new = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if sys.platform != "win32":
                os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        os.replace(new, path)
    except OSError as error:
        if new:
            with contextlib.suppress(OSError):
                os.unlink(new)
        raise SyncAgentError(f"{path} cannot be written: {error.strerror}") from None


def remove_file(path: Path) -> None:
    """Raises SyncAgentError when it is there and cannot be removed."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SyncAgentError(f"{path} cannot be removed: {error.strerror}") from None
