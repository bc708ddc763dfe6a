"""Rule files, one above the other: what is left out in a folder.

The layers of a folder are those of the files in it and in the folders above, the nearest first, and last the built-in
ones; the first that has a word on a name decides.  What lies in a folder that is left out is left out with it, whatever
rules stand in there: so one asks from the top down, and never goes on below what is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, TypeAlias

from syncagent.model.names import RelPath, join
from syncagent.model.values import value
from syncagent.rules import builtin
from syncagent.rules.patterns import Pattern, read

RULE_FILE: Final = ".syncignore"
GIT_FILE: Final = ".gitignore"


def rule_files(*, respect_gitignore: bool) -> tuple[str, ...]:
    """The names of rule files, those that have the last word last."""
    return (GIT_FILE, RULE_FILE) if respect_gitignore else (RULE_FILE,)


class RuleFile:
    """What one file says."""

    __slots__ = ("_begins", "_ends", "_names", "_paths", "_patterns", "broken", "by_names_alone")

    def __init__(self, data: bytes) -> None:
        patterns, self.broken = read(data)
        self._patterns = [(one, re.compile(one.regex, re.DOTALL).fullmatch) for one in reversed(patterns)]
        self.by_names_alone = all(one.of_names for one in patterns)
        """Whether where something stands is of no account."""
        # Most names are met by no pattern, and how they begin and end tells.
        begins, ends = set(), set()
        names: list[str] = []
        paths: list[str] = []
        for one in patterns:
            plain = one.text.removeprefix("!").removesuffix("/")
            if one.of_names and (begin := _BEGIN.match(plain)):
                begins.add(begin[0])
            elif one.of_names and (end := _END.search(plain)):
                ends.add(end[0])
            else:
                (names if one.of_names else paths).append(f"(?:{one.regex})")
        self._begins, self._ends = tuple(begins), tuple(ends)
        self._names = re.compile("|".join(names), re.DOTALL).fullmatch if names else None
        self._paths = re.compile("|".join(paths), re.DOTALL).fullmatch if paths else None

    def may_meet(self, path: str, name: str) -> bool:
        """Whether some pattern may meet ``path``, which ends with ``name``; False when surely none does."""
        if name.startswith(self._begins) or name.endswith(self._ends):
            return True
        if self._names is not None and self._names(name):
            return True
        return self._paths is not None and self._paths(path) is not None

    def last(self, path: str, name: str, is_folder: bool) -> Pattern | None:
        """The last pattern that meets ``path`` (from the folder of the file on), which ends with ``name``."""
        if not self.may_meet(path, name):
            return None
        for pattern, meets in self._patterns:
            if (is_folder or not pattern.only_folders) and meets(name if pattern.of_names else path):
                return pattern
        return None

    def __bool__(self) -> bool:
        return bool(self._patterns)


_BEGIN: Final = re.compile(r"[^*?\[\\]+")
_END: Final = re.compile(r"[^*?\[\]\\]+$")


@lru_cache(maxsize=256)
def rule_file(data: bytes) -> RuleFile:
    """The rule file of these bytes."""
    return RuleFile(data)


@value
class Layer:
    """``source`` is the path of the file; ``cut`` how much of a path is that of the file's folder, and the slash."""

    source: str
    cut: int
    file: RuleFile


Layers: TypeAlias = tuple[Layer, ...]

BUILT_IN: Final[Layers] = (Layer(builtin.SOURCE, 0, rule_file(builtin.TEXT.encode())),)


def met_by_built_in(name: str) -> bool:
    """Whether some built-in rule may meet ``name``, wherever it stands: they go by names alone."""
    return _MAY_MEET(name, name)


_MAY_MEET: Final = BUILT_IN[0].file.may_meet


@value
class Hit:
    """The word on a path: the pattern, and the file that it stands in."""

    source: str
    pattern: Pattern

    @property
    def ignores(self) -> bool:
        return not self.pattern.negated

    def __str__(self) -> str:
        return f"{self.source}:{self.pattern.line}:{self.pattern.text}"


def within(layers: Layers, folder: RelPath, files: Iterable[tuple[str, RuleFile]]) -> Layers:
    """The layers of ``folder``, in which these files stand (those that have the last word last), and above which there
    are ``layers``."""
    for name, file in files:
        if file:
            layers = (Layer(join(folder, name), len(folder) + 1 if folder else 0, file), *layers)
    return layers


def hit(layers: Layers, path: RelPath, name: str, is_folder: bool) -> Hit | None:
    """The word on ``path``, which ends with ``name`` and whose folder is not left out; None when no file has one.

    Our own rule files are never left out by rules: whoever took back a rule that leaves out its own file would be told
    of it by the hub again.
    """
    if name == RULE_FILE and not is_folder:
        return None
    for layer in layers:
        pattern = layer.file.last(path[layer.cut :], name, is_folder)
        if pattern is not None:
            return Hit(layer.source, pattern)
    return None


def ignored(layers: Layers, path: RelPath, name: str, is_folder: bool) -> bool:
    """Whether ``path`` is left out: what ``hit`` says, for every name of a scan."""
    for layer in layers:
        pattern = layer.file.last(path[layer.cut :], name, is_folder)
        if pattern is not None:
            return not pattern.negated and (name != RULE_FILE or is_folder)
    return False
