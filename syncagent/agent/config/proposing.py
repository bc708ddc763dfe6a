"""What a change of the settings would come to, before it is made: what is in force then, and how it takes effect.

Used by the running agent, which knows its environment and its options, and by the command line where none runs.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from syncagent.agent.config.document import close_to, document_in, said_name, text_of
from syncagent.agent.config.reading import NEEDED, Given, Origin, Profile, Source, check_text
from syncagent.agent.config.schema import Described, describe, describe_all, shown
from syncagent.agent.config.settings import AgentConfig, Applies, Scope, Settings, about, default_of, keys_of
from syncagent.agent.config.writing import alone, put, with_changes
from syncagent.agent.keys import save_proxy_password
from syncagent.errors import BadConfig
from syncagent.model.values import fixed
from syncagent.transport.proxy import kept_under, parted

DEFAULT: Final = Origin("default", "default")
_WORDS: Final = {
    "true": True,
    "on": True,
    "yes": True,
    "false": False,
    "off": False,
    "no": False,
}


@fixed
class Step:
    """One setting that changes.  ``overruled``: what is stronger than the file, and stays in force; empty: nothing."""

    profile: str
    key: str
    before: Any
    after: Any
    applies: Applies
    overruled: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "profile": said_name(self.profile), "key": self.key, "before": shown(self.key, self.before),
            "after": shown(self.key, self.after), "applies": self.applies.value, "overruled": self.overruled,
            "why": about(self.key).why if self.applies is Applies.RESTART else "",
        }  # fmt: skip


def rows(read: Profile, in_force: Settings | None = None) -> list[dict[str, Any]]:
    """Every setting of a profile, with its value, where that comes from, and what there is to say of it.  ``in_force``:
    what the running agent goes by, where that is not what was read."""
    return [_row(one, read.given, read.settings, in_force) for one in describe_all()]


def _row(one: Described, given: Given, read: Settings | None, in_force: Settings | None) -> dict[str, Any]:
    said = getattr(read, one.key) if read is not None else given.values.get(one.key, default_of(one.key))
    value = getattr(in_force, one.key) if in_force is not None else said
    origin = given.origins.get(one.key, DEFAULT)
    waiting = {} if said == value else {"waiting": shown(one.key, said)}
    source = {"kind": origin.kind, "text": origin.text, "line": origin.line}
    return {**one.as_dict(), "value": shown(one.key, value), "origin": source, **waiting}


def known(key: str) -> str:
    """``key``, if it is a setting.  Raises BadConfig."""
    if key not in Settings.model_fields:
        raise BadConfig(f"{key}: there is no such setting{close_to(key)}; `syncagent config show` lists all")
    return key


def meant(key: str, said: Any) -> Any:
    """What a person means who types ``said`` for a setting; as it is to stand in the file."""
    if not isinstance(said, str):
        return said
    text = said.strip()
    match describe(key).type:
        case "integer" | "rate" if re.fullmatch(r"[+-]?\d+", text):
            return int(text)
        case "number" if re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
            return float(text)
        case "boolean" if text.lower() in _WORDS:
            return _WORDS[text.lower()]
        case "list" | "table":
            try:
                return tomllib.loads(f"value = {text}")["value"]
            except tomllib.TOMLDecodeError:
                return [said] if describe(key).type == "list" else said
    return said


def propose(source: Source, profile: str, changes: Mapping[str, Any]) -> tuple[str, list[Step]]:
    """The file's text with these changes (None: as if it was never set), and what they come to.  Raises BadConfig when
    anything of it is wrong."""
    text = text_of(source.places.config)
    if profile not in source.names(document_in(text, source.places.config)):
        raise BadConfig(f"there is no profile {said_name(profile)}; `syncagent profiles` lists those that there are")
    for key in changes:
        if profile and known(key) in keys_of(Scope.WHOLE):
            raise BadConfig(f"{key}: is for the whole agent; set it without --profile")
    wanted = {known(key): None if said is None else meant(key, said) for key, said in changes.items()}
    changed = with_changes(text, profile, wanted)
    try:
        check_text(changed, source.places)
    except BadConfig as error:
        # Where it would stand in a file that is not written helps nobody.
        where, reason = str(error).partition(": ")[::2]
        raise BadConfig(
            reason if any(reason.startswith(f"{key}: ") for key in wanted) else f"{where}: {reason}"
        ) from None
    for key in NEEDED:
        if key in wanted and wanted[key] is None:
            raise BadConfig(f"{key}: is needed, and has no default")
    before, after = source.read_text(text), source.read_text(changed)
    both = [name for name in after if name in before]
    return changed, [step for name in both for step in steps(name, before[name], after[name], wanted)]


def commit(source: Source, profile: str, changes: Mapping[str, Any]) -> list[Step]:
    """Make the changes; what they come to.  A password does not go into the file, but where passwords are kept.

    Raises BadConfig."""
    with alone(source.places):
        before = source.read()
        propose(source, profile, changes)  # what is wrong with it is told of what was said
        changes, password = _apart(changes)
        text, made = propose(source, profile, changes)
        after = source.read_text(text)
        if password and (settings := after[profile].settings) is not None:
            save_proxy_password(source.places, changes["proxy"], password, settings.key_store)
            if not any(step.key == "proxy" and step.profile == profile for step in made):
                made.append(Step(profile, "proxy", settings.proxy, settings.proxy, Applies.RECONNECT))
        put(source.places, text)
        for gone in _accounts(before) - _accounts(after):
            save_proxy_password(source.places, gone, "")
    return made


def _apart(changes: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The changes without the password of a proxy, and that password."""
    if not isinstance(said := changes.get("proxy"), str):
        return dict(changes), ""
    address, password = parted(said)
    return {**changes, "proxy": address}, password


def _accounts(profiles: Mapping[str, Profile]) -> set[str]:
    """The proxies of which a password may be kept."""
    return {kept_under(one.settings.proxy) for one in profiles.values() if one.settings is not None} - {""}


def steps(name: str, before: Profile, after: Profile, wanted: Iterable[str] = ()) -> list[Step]:
    """What is in force otherwise than before, and of what was ``wanted`` that which is overruled."""
    found = []
    for key in Settings.model_fields:
        old, new = _value(before, key), _value(after, key)
        origin = after.given.origins.get(key, DEFAULT)
        overruled = origin.text if key in wanted and origin.kind not in ("file", "default") else ""
        if old != new or overruled:
            found.append(Step(name, key, old, new, about(key).applies, overruled))
    return found


def _value(profile: Profile, key: str) -> Any:
    if profile.settings is not None:
        return getattr(profile.settings, key)
    return profile.given.values.get(key, default_of(key))


def settled(before: AgentConfig, read: AgentConfig) -> tuple[AgentConfig, tuple[str, ...]]:
    """What an agent that runs goes by from now on, and which settings wait for its next start.

    Where the folder waits, all that is about the folder and its hub does: half of it would send one folder's files to
    where another one's belong.
    """
    changed = {key for key in Settings.model_fields if getattr(before, key) != getattr(read, key)}
    waits = {key for key in changed if about(key).applies is Applies.RESTART}
    if waits:
        waits |= changed & keys_of(Scope.OWN)
    kept = {key: getattr(before, key) for key in (*waits, "client_id", "new_hub")}
    return read.model_copy(update=kept), tuple(key for key in Settings.model_fields if key in waits)
