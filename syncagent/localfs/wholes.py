"""A folder that goes with all that lies beneath it: what is to be found there, and what is.

Called by the applier: before the folder is taken out of the tree by one rename, which is when a program that works in
it would miss it, and again when it lies where nobody finds it, before it counts as gone.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from typing import Final

from syncagent.errors import Stale
from syncagent.localfs.ports import MISSING, Disk, Stat
from syncagent.localfs.standing import is_written
from syncagent.model.facts import unpack
from syncagent.model.names import RelPath, join, split
from syncagent.planner.tasks import Lying

SHOWN: Final = 100
"""So many of the paths that are otherwise are told; a look at them shows what they are."""

_MAY_WRITE: Final = 0o200


class Otherwise(Stale):
    """``paths``, from the folder on, are not as they are known."""

    def __init__(self, reason: str, paths: Sequence[RelPath] = ()) -> None:
        super().__init__(reason)
        self.paths = tuple(paths[:SHOWN])


def check_whole(disk: Disk, folder: RelPath, beneath: Sequence[Lying]) -> dict[RelPath, Stat]:
    """Raises Otherwise when in ``folder`` is anything but what is to lie ``beneath``, each as it is known;
    PermissionError when something there may not be removed; OSError.  Gives the folders (``folder`` is ``""``), each as
    it was before it was looked through."""
    found = {RelPath(""): disk.stat(folder)}
    expected: dict[RelPath, dict[str, Lying]] = {RelPath(""): {}}
    for lying in beneath:
        above, name = split(lying.path)
        expected[above][name] = lying
        if lying.is_folder:
            expected[lying.path] = {}
    wrong: list[RelPath] = []
    for inner, wanted in expected.items():
        try:
            there = disk.list(join(folder, inner) if inner else folder)
        except OSError as error:
            if error.errno not in MISSING or not inner:
                raise
            continue  # it is among what is wrong
        for name, seen in there:
            known = wanted.pop(name, None)
            if known is None or isinstance(seen, OSError) or not _is(seen, known):
                wrong.append(join(inner, name))
            elif known.is_folder:
                if not seen.mode & _MAY_WRITE:
                    raise PermissionError(errno.EACCES, "a folder in it may not be written", known.path)
                found[known.path] = seen
        wrong.extend(known.path for known in wanted.values())  # what is not there any more
    if wrong:
        raise Otherwise("something in it is not as it is known", wrong)
    return found


def has_same_names(disk: Disk, folder: RelPath, found: Mapping[RelPath, Stat]) -> bool:
    """Whether since ``check_whole`` has ``found`` these no name has come, gone, or changed its file, in any of them:
    each would show in the stamp of its folder."""
    try:
        return all(disk.stat(join(folder, inner) if inner else folder) == seen for inner, seen in found.items())
    except OSError:
        return False


def check_unused_whole(disk: Disk, folder: RelPath, beneath: Sequence[Lying]) -> None:
    """Raises OSError (EBUSY) when a program has a file beneath ``folder`` open for writing; OSError."""
    for lying in beneath:
        if not lying.is_folder:
            try:
                written = is_written(disk, join(folder, lying.path))
            except PermissionError:
                continue  # a file that we may not read is one of which we cannot tell
            except OSError as error:
                if error.errno == errno.ELOOP:
                    continue  # a link holds nothing that could be written
                raise
            if written:
                raise OSError(errno.EBUSY, "a program has it open for writing", lying.path)


def remove_whole(disk: Disk, path: RelPath, beneath: Sequence[Lying] | None = None) -> bool:
    """Remove what stands at ``path``, with all that is in it; where it is known what is to lie ``beneath``, only what
    is just so, and the folders in which nothing else is.  Whether nothing is left.  Raises OSError."""
    known = None if beneath is None else {lying.path: lying for lying in beneath}
    waiting = [RelPath("")]
    folders: list[RelPath] = []
    while waiting:
        inner = waiting.pop()
        folders.append(folder := join(path, inner) if inner else path)
        for name, seen in disk.list(folder):
            if isinstance(seen, OSError):
                raise seen
            at = join(inner, name)
            if known is not None and ((lying := known.get(at)) is None or not _is(seen, lying)):
                continue  # a program that works in the folder has made it since it was looked through
            if seen.is_dir:
                waiting.append(at)
            else:
                _remove(disk, join(folder, name))
    empty = True
    for folder in reversed(folders):
        try:
            _remove(disk, folder, is_folder=True)
        except OSError as error:
            if known is None or error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            empty = False
    return empty


def _remove(disk: Disk, path: RelPath, *, is_folder: bool = False) -> None:
    try:
        disk.remove(path, folder=is_folder)
    except OSError as error:
        if error.errno not in MISSING:
            raise


def _is(seen: Stat, known: Lying) -> bool:
    if not known.is_folder:
        return seen.stamp == known.stamp  # which has its kind, too: a folder's is never that of a file
    there = unpack(known.stamp)
    return seen.is_dir and (there is None or (there.device, there.inode) == (seen.device, seen.inode))
