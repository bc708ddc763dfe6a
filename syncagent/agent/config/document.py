"""config.toml as text: what is in it, and where.

Its mistakes are said with file, line and column.  The parser of the standard library has no positions for what is right
as TOML and wrong for us; ``entries`` finds them.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final, TypeAlias

from syncagent.agent.config.settings import Scope, Settings, keys_of
from syncagent.errors import BadConfig
from syncagent.model.values import fixed

KeyPath: TypeAlias = tuple[str, ...]

PROFILES: Final = "profiles"
UNNAMED: Final = "default"
"""What people call the profile that has no name: the one whose settings stand at the top of the file."""
EVERY: Final = "all"
"""All of them, in a command."""

_PART: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED: Final = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER: Final = re.compile(rf"\s*\[\s*({_DOTTED})\s*\]\s*(?:#.*)?$")
_KEY: Final = re.compile(rf"\s*({_DOTTED})\s*=")
_SPREADS: Final = re.compile(r"""\"\"\"|'''|=\s*\[\s*(?:[^\]]*,\s*)?(?:\#.*)?$""", re.MULTILINE)
"""What may make a value go over several lines, so that a line of it only looks like a setting."""

PROFILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def profile_name(said: str) -> str:
    """The profile that a person means by ``said``; "" is the one without a name.  Raises BadConfig for what cannot be
    the name of one."""
    if said in ("", UNNAMED):
        return ""
    if not PROFILE_NAME.fullmatch(said) or said == EVERY:
        raise BadConfig(
            f"{said!r} cannot be the name of a profile: it begins with a letter or digit, has 40 of A-Z a-z 0-9 _ - "
            f'at most, and is not "{EVERY}"'
        )
    return said


def said_name(profile: str) -> str:
    """What people call the profile."""
    return profile or UNNAMED


@fixed
class Entry:
    """Where something is set, or, for a ``header``, where a table begins.  Line and column count from 1."""

    path: KeyPath
    line: int
    column: int
    header: bool = False


def entries(text: str) -> Iterator[Entry]:
    """All that is set in valid TOML, in its order; what stands within an inline table is not told apart from it."""
    table: KeyPath = ()
    lines = text.splitlines()
    careful = _SPREADS.search(text) is not None
    for number, line in enumerate(lines):
        header = _HEADER.match(line)
        found = header or _KEY.match(line)
        if found is None:
            continue
        if careful or header:
            # A line of a value of several lines only looks like a setting: what stands before it is not whole.
            try:
                tomllib.loads("\n".join(lines[:number]))
            except tomllib.TOMLDecodeError:
                continue
        path = _parts(found[1])
        if header:
            table = path
        column = (len(line) - len(line.lstrip()) if header else found.start(1)) + 1
        yield Entry(path if header else table + path, number + 1, column, header is not None)


def _parts(dotted: str) -> KeyPath:
    value: Any = tomllib.loads(f"{dotted} = 0")
    path: list[str] = []
    while isinstance(value, dict):
        (key, value) = next(iter(value.items()))
        path.append(key)
    return tuple(path)


def position_of(text: str, *path: str) -> tuple[int, int]:
    """Line and column at which ``path`` is set in valid TOML; where the nearest around it is when it is not found."""
    best, depth = (1, 1), 0
    for entry in _all_in(text):
        shared = _shared(entry.path, path)
        if shared > depth:
            best, depth = (entry.line, entry.column), shared
    return best


@functools.lru_cache(maxsize=4)
def _all_in(text: str) -> tuple[Entry, ...]:
    return tuple(entries(text))


def _shared(one: KeyPath, wanted: KeyPath) -> int:
    """How much of ``wanted`` ``one`` stands for: all of it, when what is wanted is only the beginning of ``one``."""
    length = min(len(one), len(wanted))
    return length if one[:length] == wanted[:length] else 0


@fixed
class Document:
    """The settings as the file has them; nothing is known yet of whether their values are right."""

    path: Path
    text: str = ""
    top: Mapping[str, Any] = field(default_factory=dict)
    named: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The profiles that have a table, by their names."""

    def table(self, profile: str) -> Mapping[str, Any]:
        return self.named.get(profile, {}) if profile else self.top

    def where(self, *path: str) -> str:
        """``FILE:LINE:COLUMN`` of what is set there."""
        line, column = position_of(self.text, *path)
        return f"{self.path}:{line}:{column}"


def text_of(path: Path) -> str:
    """What the file holds; "" when there is none.  Raises BadConfig."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise BadConfig(f"{path}: not valid UTF-8 at byte {error.start}") from None
    except OSError as error:
        raise BadConfig(f"{path} cannot be read: {error.strerror}") from None


def read_document(path: Path) -> Document:
    """The file.  Raises BadConfig where it is not readable, or names settings that there are not."""
    return document_in(text_of(path), path)


def document_in(text: str, path: Path) -> Document:
    """``text`` as if it were in the file.  Raises BadConfig as ``read_document`` does."""
    top = _parsed(text, path)
    tables: Any = top.pop(PROFILES, {})
    bare = Document(path, text)
    if not isinstance(tables, dict):
        raise BadConfig(f"{bare.where(PROFILES)}: {PROFILES}: must be tables, as in [{PROFILES}.photos]")
    for key in top:
        if key not in Settings.model_fields:
            raise BadConfig(f"{bare.where(key)}: {key}: there is no such setting{close_to(key)}")
    for name, table in tables.items():
        _check_table(name, table, bare)
    return Document(path, text, top, tables)


def _check_table(name: str, table: Any, bare: Document) -> None:
    where = (PROFILES, name)
    if not isinstance(table, dict):
        raise BadConfig(f"{bare.where(*where)}: {PROFILES}.{name}: must be a table, as in [{PROFILES}.{name}]")
    if name == UNNAMED:
        raise BadConfig(
            f"{bare.where(*where)}: {PROFILES}.{name}: the settings of that profile stand at the top of the file"
        )
    try:
        profile_name(name)
    except BadConfig as reason:
        raise BadConfig(f"{bare.where(*where)}: {reason}") from None
    for key in table:
        if key not in Settings.model_fields:
            known = Settings.model_fields.keys() - keys_of(Scope.WHOLE)
            raise BadConfig(f"{bare.where(*where, key)}: {key}: there is no such setting{close_to(key, known)}")
        if key in keys_of(Scope.WHOLE):
            raise BadConfig(f"{bare.where(*where, key)}: {key}: is for the whole agent; put it at the top of the file")


def close_to(key: str, known: Iterable[str] = Settings.model_fields) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for what is wrong

    close = get_close_matches(key, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        reason = str(error).partition(" (at ")[0]
        lines = text.splitlines() or [""]
        line, column = (int(found[1]), int(found[2])) if found else (len(lines), len(lines[-1]) + 1)
        raise BadConfig(f"{path}:{line}:{column}: {reason[:1].lower()}{reason[1:]}") from None
