"""Changes config.toml for a person: what they wrote in it, comments and order, stays as it is.

A fresh file names every setting, commented out, with what it is for, its default and what is allowed.  To set one puts
its line in the place of the commented one; to unset it comments it out again.  Nothing is written that could not be
read, and a file is replaced whole, with mode 0600.
"""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from syncagent.agent.config.document import PROFILES, document_in, entries, position_of, text_of
from syncagent.agent.config.reading import check_text
from syncagent.agent.config.schema import HOW, Described, as_plain, describe, describe_all
from syncagent.agent.config.settings import GROUPS
from syncagent.agent.places import Places
from syncagent.errors import BadConfig
from syncagent.locking import wait_lock
from syncagent.private import UNFOLLOWED, make_private, write_private

_HEAD: Final = """\
# The settings of syncagent on this machine.  A line that begins with # says nothing: take the # away to set what stands
# there.  An agent that runs reads this file again when it changes; `syncagent config` shows and changes it, too.
"""
_FOOT: Final = f"""
# --- Further folders ---
# Each has a table of its own, and goes by what is said above where it says nothing itself, but in what is about one
# folder alone: `syncagent join --profile photos LINK FOLDER` makes one.
#
# [{PROFILES}.photos]
# sync_root = "/home/ann/Photos"
# server = "wss://hub.example:8765"
"""


def fresh() -> str:
    """The file as one finds it who has set nothing yet."""
    parts = [_HEAD]
    settings = describe_all()
    for group in dict.fromkeys([*GROUPS, *(one.about.group for one in settings)]):
        members = [one for one in settings if one.about.group == group]
        if members:
            parts.append(f"\n# --- {GROUPS.get(group, group)} ---\n")
            parts += [f"\n{_explained(one)}\n{_unset_line(one)}\n" for one in members]
    parts.append(_FOOT)
    return "".join(parts)


def _explained(one: Described) -> str:
    allowed = f"{one.allowed}; " if one.allowed else ""
    return f"# {one.doc}\n# ({allowed}{HOW[one.about.applies]})"


def _unset_line(one: Described) -> str:
    return f"#{one.key} = {_as_toml('' if one.default is None else one.default)}"


def _as_toml(value: Any) -> str:
    import tomlkit  # noqa: PLC0415 - an agent that runs only reads settings

    return str(tomlkit.item(as_plain(value)).as_string())


def with_changes(text: str, profile: str, changes: Mapping[str, Any]) -> str:
    """``text`` with these settings of the profile set; None: as if it was never set."""
    text = text if text.strip() else fresh()
    for key, value in changes.items():
        text = _without(text, profile, key) if value is None else _with(text, profile, key, as_plain(value))
    return text


def write_settings(places: Places, changes: Mapping[str, Any], *, check: bool = False) -> None:
    """Put ``changes`` into config.toml, for the profile of ``places``; ``check``: only if all is right then.

    Raises BadConfig when the file cannot be read or written, or is wrong.
    """
    with alone(places):
        text = text_of(places.config)
        document_in(text, places.config)
        changed = with_changes(text, places.profile, changes)
        if check:
            check_text(changed, places)
        put(places, changed)


def without_profile(text: str, profile: str) -> str:
    """``text`` without the table of the profile."""
    import tomlkit  # noqa: PLC0415 - an agent that runs only reads settings

    document = tomlkit.parse(text)
    tables: Any = document[PROFILES]
    del tables[profile]
    if not tables:
        del document[PROFILES]
    return tomlkit.dumps(document)


def put(places: Places, text: str) -> None:
    """Replace the file.  One that is a link stays one: the file that it leads to is replaced.  Raises BadConfig."""
    try:
        document_in(text, places.config)
    except BadConfig as error:
        raise BadConfig(f"the file was not changed: it would not be readable: {error}") from None
    if places.config.is_symlink():
        write_private(Path(os.path.realpath(places.config)), text, private_directory=False)
    else:
        write_private(places.config, text)


@contextlib.contextmanager
def alone(places: Places) -> Iterator[None]:
    """Nobody else of ours changes the file meanwhile: a change is made of what was read.  Raises BadConfig."""
    make_private(places.data_dir)
    handle = os.open(places.config.with_name("config.lock"), os.O_RDWR | os.O_CREAT | UNFOLLOWED, 0o600)
    try:
        with contextlib.suppress(OSError):  # some file systems have no locks: then it is as if there were none of ours
            wait_lock(handle)
        yield
    finally:
        os.close(handle)


# --- within the text ------------------------------------------------------------------------------------------------


def _with(text: str, profile: str, key: str, value: Any) -> str:
    import tomlkit  # noqa: PLC0415 - an agent that runs only reads settings

    document = tomlkit.parse(text)
    table: Any = document
    for part in (PROFILES, profile) if profile else ():
        table = table.get(part) if table is not None else None
    if table is not None and key in table:
        table[key] = value
        return tomlkit.dumps(document)
    line = f"{key} = {_as_toml(value)}"
    lines = text.splitlines()
    first, last = _section(text, profile)
    if first < 0:
        if table is not None:  # it is there, but not with a header of its own
            table[key] = value
            return tomlkit.dumps(document)
        lines += ["", f"[{PROFILES}.{profile}]"]
        first = last = len(lines)
    for number in range(first, last):
        if re.match(rf"#\s?{re.escape(key)}\s*=", lines[number]):
            lines[number] = line
            break
    else:
        while last > first and not lines[last - 1].strip():
            last -= 1
        explained = _explained(describe(key)).splitlines()
        lines[last:last] = [*([] if last == first else [""]), *explained, line]
    changed = "\n".join(lines) + "\n"
    _check_only(text, changed, profile, key, value)
    return changed


def _without(text: str, profile: str, key: str) -> str:
    import tomlkit  # noqa: PLC0415 - an agent that runs only reads settings

    path = (PROFILES, profile, key) if profile else (key,)
    if _value(text, path) is None:
        return text
    document = tomlkit.parse(text)
    table: Any = document
    for part in path[:-1]:
        table = table[part]
    # First in one line, whatever it was, so that the line can be commented out, with what was said beside it.
    default = describe(key).default
    table[key] = as_plain("" if default is None else default)
    lines = tomlkit.dumps(document).splitlines()
    number, _ = position_of("\n".join(lines), *path)
    commented = "\n".join([*lines[: number - 1], f"#{lines[number - 1].lstrip()}", *lines[number:]]) + "\n"
    del table[key]
    without = tomlkit.dumps(document)
    with contextlib.suppress(tomllib.TOMLDecodeError):
        if tomllib.loads(commented) == tomllib.loads(without):
            return commented
    return without  # it shares its line with others


def _section(text: str, profile: str) -> tuple[int, int]:
    """The lines (from 0) in which the profile's settings stand, from first to before last; (-1, -1): nowhere."""
    headers = [entry for entry in entries(text) if entry.header]
    ends = [entry.line - 1 for entry in headers] + [len(text.splitlines())]
    if not profile:
        feet = (number for number, line in enumerate(text.splitlines()) if line.startswith("# --- Further folders"))
        return 0, min(next(feet, ends[0]), ends[0])
    for entry, end in zip(headers, ends[1:], strict=True):
        if entry.path == (PROFILES, profile):
            return entry.line, end
    return -1, -1


def _value(text: str, path: tuple[str, ...]) -> Any:
    found: Any = tomllib.loads(text)
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _check_only(before: str, after: str, profile: str, key: str, value: Any) -> None:
    """The change has changed just that."""
    expected, found = tomllib.loads(before), tomllib.loads(after)
    table = expected
    for part in (PROFILES, profile) if profile else ():
        table = table.setdefault(part, {})
    table[key] = value
    if found != expected:
        raise BadConfig(f"{key} could not be set without changing something else; use `syncagent config edit`")
