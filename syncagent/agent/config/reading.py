"""From what was given to what is in force: default, file, environment, command line; each stronger than those before.

A setting has its default, is overridden by ``config.toml`` in the data directory, that by ``SYNCAGENT_<NAME>`` in the
environment, and that by an option of the command line.  A named profile goes by the top of the file where it says
nothing itself, but in what is about one folder alone.  What is wrong is said with the place it was found at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from pydantic import ValidationError

from syncagent.agent.config.document import PROFILES, Document, document_in, read_document, said_name
from syncagent.agent.config.settings import Scope, Settings, about, keys_of
from syncagent.agent.places import Places
from syncagent.errors import BadConfig
from syncagent.model.values import fixed, replace
from syncagent.transport.proxy import without_password

PREFIX: Final = "SYNCAGENT_"
NEEDED: Final = ("sync_root", "server")

Kind: TypeAlias = Literal["default", "file", "environment", "command line", "agent"]


@fixed
class Origin:
    """Where a value comes from; as text, what is said before the reason when it is wrong."""

    kind: Kind
    text: str
    line: int = 0
    """Where in the file; 0 elsewhere."""

    def __str__(self) -> str:
        return self.text


@fixed
class Given:
    """Settings as text or values, before they are checked, and where each came from."""

    values: Mapping[str, Any]
    origins: Mapping[str, Origin]


@fixed
class Profile:
    """One profile as it was read: with its settings, or with what is wrong with them."""

    given: Given
    settings: Settings | None
    trouble: str = ""


@fixed
class Source:
    """All that settings come from, for as long as an agent runs: it reads them again when the file changes.

    ``places`` are those of the profile that environment and options are about.  ``fixed`` is stronger than all: what
    the agent has found out by itself, by profile.
    """

    places: Places
    environment: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def fixing(self, profile: str, values: Mapping[str, Any]) -> Source:
        """The same, but for this profile these values are fixed."""
        return replace(self, fixed={**self.fixed, profile: values})

    def read(self) -> dict[str, Profile]:
        """All profiles by their names, the one without a name ("") first.  Raises BadConfig when the file as a whole is
        wrong; what is wrong with one profile alone is said there."""
        return self.read_from(read_document(self.places.config))

    def read_text(self, text: str) -> dict[str, Profile]:
        """The same, had the file this text."""
        return self.read_from(document_in(text, self.places.config))

    def read_from(self, document: Document) -> dict[str, Profile]:
        read = {name: self._profile(name, document) for name in self.names(document)}
        return {name: _apart(name, profile, read) for name, profile in read.items()}

    def names(self, document: Document) -> list[str]:
        """The profiles that there are.  Where no other is, the one without a name is, if only to say what it lacks."""
        chosen = self.places.profile
        named = [*document.named, *([chosen] if chosen and chosen not in document.named else [])]
        wanted = not chosen and ("sync_root" in self.options or f"{PREFIX}SYNC_ROOT" in self.environment)
        return ["", *named] if "sync_root" in document.top or wanted or not named else named

    def given(self, profile: str, document: Document) -> Given:
        """All that was given for the profile, the strongest of each."""
        chosen = profile == self.places.profile
        given = gather_from(document, profile, self.environment, self.options, chosen=chosen)
        fixed = self.fixed.get(profile, {})
        return Given({**given.values, **fixed}, {**given.origins, **dict.fromkeys(fixed, _FOUND_OUT)})

    def _profile(self, name: str, document: Document) -> Profile:
        given = self.given(name, document)
        try:
            return Profile(given, checked(given, self.places.of(name)))
        except BadConfig as error:
            return Profile(given, None, str(error))


_FOUND_OUT: Final = Origin("agent", "the hub that runs here")


def relevant(environment: Mapping[str, str]) -> dict[str, str]:
    """What of the environment are settings: no key is among them."""
    wanted = {PREFIX + key.upper() for key in Settings.model_fields}
    return {name: value for name, value in environment.items() if name in wanted}


def read_settings(
    places: Places, environment: Mapping[str, str] | None = None, options: Mapping[str, Any] | None = None
) -> Settings:
    """The settings in force for the profile of ``places``.  An option that is None was not given.

    Raises BadConfig: what is wrong, and where.
    """
    read = Source(places, environment or {}, options or {}).read()[places.profile]
    if read.settings is None:
        raise BadConfig(read.trouble)
    return read.settings


def gather(places: Places, environment: Mapping[str, str], options: Mapping[str, Any]) -> Given:
    """All settings that someone gave, the strongest of each.  Raises BadConfig when config.toml is not readable."""
    return gather_from(read_document(places.config), places.profile, environment, options)


def gather_from(
    document: Document,
    profile: str,
    environment: Mapping[str, str],
    options: Mapping[str, Any],
    *,
    chosen: bool = True,
) -> Given:
    """The same, from a file that was read.  ``chosen``: the environment and the options are about this profile; what
    they say of one folder is not for another."""
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}

    def take(table: Mapping[str, Any], *path: str) -> None:
        for key, value in table.items():
            where = document.where(*path, key)
            values[key] = value
            origins[key] = Origin("file", f"{where}: {key}", int(where.rsplit(":", 2)[1]))

    if profile:
        take({key: value for key, value in document.top.items() if about(key).scope is not Scope.OWN})
        take(document.table(profile), PROFILES, profile)
    else:
        take(document.top)
    for key in Settings.model_fields:
        if not chosen and key in keys_of(Scope.OWN):
            continue
        if (variable := PREFIX + key.upper()) in environment:
            values[key], origins[key] = environment[variable], Origin("environment", variable)
        if options.get(key) is not None and (chosen or about(key).scope is Scope.WHOLE or key in _FOR_ALL):
            values[key], origins[key] = options[key], Origin("command line", f"--{key.replace('_', '-')}")
    return Given(values, origins)


_FOR_ALL: Final = ("brake",)
"""Options that are said of the whole run, whichever profile is chosen."""


def checked(given: Given, places: Places) -> Settings:
    """The settings, if all is there and right.  Raises BadConfig."""
    for missing in NEEDED:
        if missing not in given.values:
            option = f"--{missing.replace('_', '-')}"
            where = f"[{PROFILES}.{places.profile}] of {places.config}" if places.profile else str(places.config)
            raise BadConfig(
                f"no {missing} set in {where}: begin with `syncagent up` or `syncagent join`, or give {option}"
            )
    try:
        settings = Settings.model_validate(dict(given.values))
    except ValidationError as error:
        raise BadConfig(_explained(error, given)) from None
    _check_apart(settings.sync_root, places.data_dir, str(given.origins["sync_root"]))
    return settings


def check_text(text: str, places: Places) -> None:
    """Say what is wrong with the file, had it this text.  What is only not there yet is not wrong.

    Raises BadConfig.
    """
    document = document_in(text, places.config)
    source = Source(places.of(""))
    for name in source.names(document):
        given = source.given(name, document)
        try:
            Settings.model_validate(dict(given.values))
        except ValidationError as error:
            if any(one["type"] != "missing" for one in error.errors()):
                raise BadConfig(_explained(error, given)) from None
            continue
        _check_apart(Path(given.values["sync_root"]).expanduser(), places.data_dir, str(given.origins["sync_root"]))
    for profile in source.read_from(document).values():
        if profile.settings is None and all(key in profile.given.values for key in NEEDED):
            raise BadConfig(profile.trouble)


def _explained(error: ValidationError, given: Given) -> str:
    """The first thing that is wrong, in one line."""
    found = error.errors(include_url=False, include_input=True)
    first = next((one for one in found if one["type"] != "missing"), found[0])
    key = str(first["loc"][0]) if first["loc"] else "?"
    reason = first["msg"].removeprefix("Value error, ").replace("for <class 'pathlib.Path'>", "").strip()
    said = str(first["input"])
    if key in Settings.model_fields and about(key).kind == "proxy":
        said = without_password(said)
    return f"{given.origins.get(key, key)}: {reason[:1].lower()}{reason[1:]} (not {said[:80]!r})"


def _check_apart(root: Path, data_dir: Path, origin: str) -> None:
    """The agent's own files must not be in the folder, nor the folder among them: it would sync itself for ever."""
    real = root.resolve()
    if real == Path(real.anchor):
        raise BadConfig(f"{origin}: the whole file system cannot be kept the same")
    if data_dir.is_relative_to(real):
        raise BadConfig(
            f"{origin}: {root} holds the agent's own data directory {data_dir}; choose a folder apart from it"
        )
    if real.is_relative_to(data_dir):
        raise BadConfig(f"{origin}: {root} is inside the agent's own data directory; choose a folder apart from it")


def _apart(name: str, profile: Profile, others: Mapping[str, Profile]) -> Profile:
    """Two profiles must not have one folder, nor one within the other: each would carry what the other does, and take
    it for a person's.  The later one in the file is the one that is wrong."""
    for other, before in others.items():
        if other == name:
            break
        if profile.settings is None or before.settings is None:
            continue
        ours, theirs = profile.settings.sync_root.resolve(), before.settings.sync_root.resolve()
        said = None
        if ours == theirs:
            said = f"{profile.settings.sync_root} is the folder of the profile {said_name(other)} already"
        elif ours.is_relative_to(theirs):
            said = f"{profile.settings.sync_root} is inside the folder of the profile {said_name(other)}, {theirs}"
        elif theirs.is_relative_to(ours):
            said = f"{profile.settings.sync_root} holds the folder of the profile {said_name(other)}, {theirs}"
        elif profile.settings.listen and before.settings.listen:
            where = profile.given.origins["listen"]
            said = f"one agent runs one hub, and the profile {said_name(other)} has it"
            return Profile(profile.given, None, f"{where}: {said}")
        if said:
            return Profile(profile.given, None, f"{profile.given.origins['sync_root']}: {said}")
    return profile
