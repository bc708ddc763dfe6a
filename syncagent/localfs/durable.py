"""One wait for the disk: for the names of a batch, for the content of another, or for both by one sync.

It may be waited for in another thread than the one that makes batches.  What went wrong is kept until that one asks.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from syncagent.localfs.ports import MISSING, Disk, Mark, Opening
from syncagent.model.names import RelPath


@dataclass(slots=True)
class Wait:
    """``mark`` was made before anything was that is waited for; without one each is made durable alone."""

    disk: Disk
    mark: Mark | None
    folders: Sequence[RelPath] = ()
    """Those in which names changed, in the order in which they are to be made durable."""
    adjusted: Sequence[RelPath] = ()
    """Files that were changed in place."""
    made: Mapping[int, RelPath] = field(default_factory=dict)
    """New files, which are not in the tree yet, by their numbers."""
    trouble: OSError | None = None
    """All may be lost, and so may what was made meanwhile: the system tells of it once, and takes it for written."""
    lost: dict[int, OSError] = field(default_factory=dict)
    """Of what was made, that alone."""

    def __call__(self) -> None:
        """Raises RootMissing."""
        if self.mark is None:
            self._one_by_one()
            return
        try:
            self.mark.sync()
        except OSError as error:
            if error.errno == errno.ENOSYS:
                self._one_by_one()
            else:
                self.trouble = error

    def _one_by_one(self) -> None:
        with self.disk.batch():
            try:
                for path in self.adjusted:
                    self._sync_file(path)
                self._sync_folders()
            except OSError as error:
                self.trouble = error
                return
            for number, path in self.made.items():
                try:
                    self._sync_file(path)
                except OSError as error:
                    self.lost[number] = error

    def _sync_file(self, path: RelPath) -> None:
        with self.disk.open(path, Opening.READ) as file:
            file.sync()

    def _sync_folders(self) -> None:
        for folder in self.folders:
            try:
                self.disk.sync([folder])
            except OSError as error:
                if error.errno not in MISSING:  # it was moved or deleted since: by the user, and with what is in it
                    raise
