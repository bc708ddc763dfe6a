"""Why a path is left out, asked of the disk itself: needs no running agent."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from syncagent.errors import BadConfig, StorageTrouble
from syncagent.localfs.here import disk_at
from syncagent.localfs.ports import Disk
from syncagent.localfs.rulebook import RuleBook, on
from syncagent.model.names import RelPath
from syncagent.model.values import fixed
from syncagent.rules.layers import Hit, rule_files


@fixed
class Asked:
    """``path`` as it was asked for; ``word`` is the rule that has the last word on it, which may be to keep it."""

    path: str
    word: Hit | None

    @property
    def ignored(self) -> bool:
        return self.word is not None and self.word.ignores


def asked(root: Path, paths: Iterable[str], *, respect_gitignore: bool = False) -> Iterator[Asked]:
    """The word on each path.  A path is relative to where one stands, or to the folder when one stands elsewhere; one
    that ends with a slash is a folder, wherever nothing is.

    Raises BadConfig for a path that is not in the folder, StorageTrouble when it cannot be looked at.
    """
    disk = disk_at(str(root))
    book = RuleBook(on(disk), rule_files(respect_gitignore=respect_gitignore))
    for path in paths:
        inner = within(root, path)
        try:
            with disk.batch():
                word = book.word(inner, path.endswith("/") or is_folder(disk, inner)) if inner else None
        except OSError as error:
            raise StorageTrouble(f"{path} cannot be looked at: {error.strerror or error}") from None
        yield Asked(path, word)


def within(root: Path, path: str) -> RelPath:
    """The path within the folder.  Raises BadConfig when it is not in it."""
    real = Path(os.path.realpath(root))
    here = Path(os.path.realpath(os.curdir))
    full = _full(here, path)
    # `Documents/x` is x for who stands where `Documents` is, as for any program, unless the folder has another one.
    if not here.is_relative_to(real) and not (
        full.is_relative_to(real) and (os.path.lexists(full) or not os.path.lexists(real / path))
    ):
        full = _full(real, path)
    if not full.is_relative_to(real):
        raise BadConfig(f"{path} is not in {root}")
    inner = full.relative_to(real).as_posix()
    return RelPath("" if inner == "." else inner)


def _full(begin: Path, path: str) -> Path:
    """The last name is not followed: it may be that of a link, which is kept as a link."""
    full = Path(os.path.normpath(begin / path))
    return Path(os.path.realpath(full.parent)) / full.name


def is_folder(disk: Disk, path: RelPath) -> bool:
    try:
        return disk.stat(path).is_dir
    except OSError:
        return False
