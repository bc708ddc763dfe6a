"""Names and paths: what may be kept the same everywhere, and what a conflict copy is called.

A name is NFC, at most 255 bytes of UTF-8, and one that no machine could take for something else.  The hub and every
agent check names with these same functions (HAZARDS C1, C3, C9).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final, NewType

from syncagent.errors import BadName

Name = NewType("Name", str)
"""One part of a path, checked and in NFC."""

NameKey = NewType("NameKey", str)
"""What makes two names the same to the hub.  Two living siblings never share a key."""

RelPath = NewType("RelPath", str)
"""A path relative to the folder's root, ``/`` between names; ``""`` is the root itself."""

MAX_NAME_BYTES: Final = 255
MAX_PATH_BYTES: Final = 4096
OWN_FOLDER: Final = Name(".syncagent")

is_plain_name: Final = re.compile(r"[ -\-0-9;-\[\]-~][ -\-0-9;-\[\]-~.]{0,254}").fullmatch
"""Printable ASCII without ``/ \\ :``, not starting with a dot: surely a name (``check_any_name`` agrees, by test)."""

_DRIVE: Final = re.compile(r"^[A-Za-z]:")
_IGNORED_BY_SOME: Final = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD], None)
"""Characters that some file systems drop when they compare names."""


def check_name(text: str) -> Name:
    """``text`` in NFC, if it can be a name.

    Raises BadName with the reason.
    """
    if is_plain_name(text):
        return Name(text)
    return check_any_name(text)


def check_any_name(text: str) -> Name:
    """What ``check_name`` is, for names that are not plain, too; slower."""
    try:
        name = unicodedata.normalize("NFC", text)
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        raise BadName(f"the name {text!r} is not valid Unicode text") from None
    if name in ("", ".", ".."):
        raise BadName(f"the name {text!r} is not a name of its own")
    if size > MAX_NAME_BYTES:
        raise BadName(f"the name {name[:40]!r}… has {size} bytes; {MAX_NAME_BYTES} is the most")
    for position, character in enumerate(name):
        if character in "/\\" or unicodedata.category(character) == "Cc":
            raise BadName(f"the name {name!r} has {character!r} at position {position + 1}, which no name may have")
    if _DRIVE.match(name):
        raise BadName(f"the name {name!r} starts like the name of a drive")
    if is_own(name):
        raise BadName(f"the name {name!r} is kept for syncagent's own folder")
    return Name(name)


def is_own(name: str) -> bool:
    """Whether some file system might take ``name`` for our own folder."""
    folded = unicodedata.normalize("NFKC", name).translate(_IGNORED_BY_SOME).casefold().rstrip(". ")
    return folded == OWN_FOLDER


def name_key(name: Name) -> NameKey:
    """The key of ``name``.  Names are NFC already, and the hub tells ``A`` from ``a``; what a machine cannot hold
    beside another name is that machine's to list as skipped."""
    return NameKey(name)


def check_path(text: str) -> tuple[Name, ...]:
    """The names of the relative path ``text``.

    Raises BadName with the reason: absolute, empty, too long, or with a part that cannot be a name.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_PATH_BYTES:
        raise BadName(f"the path {text[:60]!r}… is longer than {MAX_PATH_BYTES} bytes")
    return tuple(check_name(part) for part in text.split("/"))


def join(parent: RelPath, name: str) -> RelPath:
    """The path of ``name`` within ``parent``."""
    return RelPath(f"{parent}/{name}") if parent else RelPath(name)


def down_to(path: RelPath) -> list[RelPath]:
    """The folders above ``path``, the outermost first, and itself."""
    names = path.split("/") if path else []
    return [RelPath("/".join(names[: depth + 1])) for depth in range(len(names))]


def split(path: RelPath) -> tuple[RelPath, str]:
    """The path of the folder that holds ``path``, and its last name."""
    return path.rpartition("/")[::2]  # type: ignore[return-value]  # called for every file of a mass, many times


_CONFLICT: Final = re.compile(r" \(conflict (\d{4}-\d{2}-\d{2}) ([^()]{0,64})\)(?: \d{1,6})?$")


def is_conflict_name(name: str) -> bool:
    """Whether ``name`` is one that ``conflict_name`` gives."""
    stem, _ = _split_extension(name)
    return _CONFLICT.search(stem) is not None


def conflict_of(name: str) -> tuple[Name, str, str]:
    """Of the name of a conflict copy: the name that it stepped aside from, the day, and the machine whose version it
    is.  Of another name: itself, and nothing."""
    stem, extension = _split_extension(name)
    found = _CONFLICT.search(stem)
    if found is None or not found.start():
        return Name(name), "", ""
    return Name(stem[: found.start()] + extension), found[1], found[2]


def settled_name(name: Name, taken: Callable[[Name], bool]) -> Name:
    """What a conflict copy is called when both are to stay: ``report (2026-11-22 Laptop).docx``; the first name that is
    not ``taken``."""
    original, day, machine = conflict_of(name)
    stem, extension = _split_extension(original)
    number = 1
    while True:
        suffix = f" ({day} {machine})" + (f" {number}" if number > 1 else "")
        candidate = Name(_clip(stem, MAX_NAME_BYTES - len((suffix + extension).encode())) + suffix + extension)
        if not taken(candidate):
            return candidate
        number += 1


def conflict_name(name: Name, day: str, machine: str, taken: Callable[[Name], bool]) -> Name:
    """The name of the copy that steps aside: ``report (conflict 2026-11-22 Laptop).docx``.

    ``day`` is an ISO date.  The extension is kept; a copy of a copy does not grow a second suffix; the whole has at
    most 255 bytes; the first name that is not ``taken`` is given (HAZARDS B15).
    """
    stem, extension = _split_extension(name)
    stem = _CONFLICT.sub("", stem)
    label = machine_label(machine)
    number = 1
    while True:
        suffix = f" (conflict {day} {label})" + (f" {number}" if number > 1 else "")
        room = MAX_NAME_BYTES - len((suffix + extension).encode())
        candidate = Name(_clip(stem, room) + suffix + extension)
        if not taken(candidate):
            return candidate
        number += 1


def restored_name(name: Name, number: int) -> Name:
    """What is put back beside something is called: ``report (restored).docx``, ``report (restored 2).docx``."""
    stem, extension = _split_extension(name)
    suffix = " (restored)" if number == 1 else f" (restored {number})"
    return Name(_clip(stem, MAX_NAME_BYTES - len((suffix + extension).encode())) + suffix + extension)


def machine_label(machine: str) -> str:
    """What a machine is called in a name: at most 64 bytes, so that room is left for what the file is called."""
    kept = (one for one in machine if one not in "()/\\" and unicodedata.category(one) not in ("Cc", "Cs"))
    return _clip(unicodedata.normalize("NFC", "".join(kept)), 64).strip() or "another machine"


def _split_extension(name: str) -> tuple[str, str]:
    """``("report", ".docx")``.  A leading dot starts no extension, what is longer than 32 bytes is none, and neither is
    the dot in the name of the machine that made a conflict copy."""
    if _CONFLICT.search(name):
        return name, ""
    stem, dot, extension = name.rpartition(".")
    if not stem.strip(".") or len(extension.encode("utf-8", "surrogatepass")) > 32 or " " in extension:
        return name, ""
    return stem, dot + extension


def _clip(text: str, most: int) -> str:
    """As much of ``text`` as fits into ``most`` bytes of UTF-8, cut between characters."""
    return text.encode()[: max(most, 0)].decode("utf-8", "ignore")
