"""A folder within our own in which the doctor tries what a file system can do.

Nothing of it stays: a doctor that was killed has left one, and the next doctor or the next start of the agent removes
it.  One that is young may be in use.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from syncagent.model.names import OWN_FOLDER

_PREFIX: Final = "doctor-"
OLD_SECONDS: Final = 600.0
"""A trial takes a part of a second, on a slow disk some."""


@contextmanager
def trial_folder(root: Path) -> Iterator[Path]:
    """One in the kept folder ``root``.  Raises OSError."""
    clear_trials(root)
    path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root / OWN_FOLDER))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def clear_trials(root: Path) -> None:
    """Remove what doctors have left that were killed.  Nothing fails by it."""
    with suppress(OSError):
        for path in (root / OWN_FOLDER).glob(f"{_PREFIX}*"):
            if abs(time.time() - path.lstat().st_mtime) > OLD_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
