"""Scripts that complete commands in a shell, made of what the command line says of itself.

Pure.  A script knows all commands, options and settings by itself: nothing is started while somebody types, but where
what there is to choose from is only known here and now (profiles, conflicts, what is held, what is in the trash).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from typing import Any, Final

from syncagent.agent.config.schema import describe
from syncagent.agent.config.settings import Settings
from syncagent.model.values import fixed

FILES: Final = "@files"
FOLDERS: Final = "@folders"
ASKED: Final = "@asked:"
"""In front of what ``syncagent completion --words`` is asked for."""

_FOLDER_OPTIONS: Final = ("--data-dir", "--sync-root")
_BY_COMMAND: Final[Mapping[str, Sequence[str]]] = {
    "approve": (f"{ASKED}held",), "reject": (f"{ASKED}held",), "undo": (f"{ASKED}decided",),
    "conflicts keep": (f"{ASKED}conflicts",), "conflicts merge": (f"{ASKED}conflicts",),
    "conflicts diff": (f"{ASKED}conflicts",), "trash restore": (f"{ASKED}trash",),
    "completion": ("bash", "zsh", "fish"), "config get": tuple(Settings.model_fields),
    "config unset": tuple(Settings.model_fields), "config set": tuple(Settings.model_fields),
    "up": (FOLDERS,), "join": (FOLDERS,), "include": (f"{ASKED}excluded",), "debug replay": (FILES,),
    "debug export": (FILES,),
}  # fmt: skip
"""What the arguments of a command may be, where that is more than files."""

_SECOND: Final[Mapping[str, Sequence[str]]] = {"conflicts keep": ("mine", "theirs", "both", "copy", "original")}


@fixed
class Flag:
    """One option: as it is written, what it is for, and what its value may be (None: it has none)."""

    names: tuple[str, ...]
    help: str
    values: tuple[str, ...] | None


@fixed
class Place:
    """Where somebody may be in a command line: ``path`` are the commands so far; ``below`` those that go on from
    there."""

    path: str
    below: tuple[tuple[str, str], ...]
    flags: tuple[Flag, ...]
    values: tuple[str, ...]
    second: tuple[str, ...]


def places_of(command: Any, path: str = "") -> Iterator[Place]:
    """Every place of a command line, from the command as a whole on."""
    below: Mapping[str, Any] = getattr(command, "commands", {})
    flags = [_flag(one) for one in command.params if one.param_type_name == "option" and not one.hidden]
    flags.append(Flag(("--help",), "Show this help.", None))
    yield Place(
        path,
        tuple((name, _first_sentence(one.help or "")) for name, one in below.items()),
        tuple(flags),
        tuple(_BY_COMMAND.get(path, _of_arguments(command) if path else ())),
        tuple(_SECOND.get(path, _values_of_settings() if path == "config set" else ())),
    )
    for name, one in below.items():
        yield from places_of(one, f"{path} {name}".strip())


def _flag(one: Any) -> Flag:
    names = tuple(name for name in (*one.opts, *one.secondary_opts) if name.startswith("--"))
    return Flag(names, _first_sentence(str(one.help)), None if one.is_flag else _values(one, names))


def _values(one: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    if "--profile" in names:
        return (f"{ASKED}profiles",)
    metavar = str(one.metavar or "")
    if names[0] in _FOLDER_OPTIONS:
        return (FOLDERS,)
    if metavar == "FILE":
        return (FILES,)
    return tuple(metavar.split("|")) if "|" in metavar else ()


def _of_arguments(command: Any) -> tuple[str, ...]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    return (FILES,) if any("PATH" in str(one.metavar) for one in arguments) else ()


def _values_of_settings() -> tuple[str, ...]:
    """What those settings may be that have few values."""
    found: dict[str, None] = {}
    for key in Settings.model_fields:
        about = describe(key)
        found.update(dict.fromkeys(map(str, about.as_dict().get("choices") or ())))
        if about.type == "boolean":
            found.update({"true": None, "false": None})
    return tuple(found)


def _first_sentence(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split()).partition(". ")[0].rstrip(".")


def _filled(shell: str, filled: Mapping[str, Sequence[str]]) -> str:
    """The frame of a script, which is in ``shells/``, with what is ours."""
    text = resources.files("syncagent.cli").joinpath("shells", f"{shell}.txt").read_text(encoding="utf-8")
    for name, lines in filled.items():
        text = text.replace(f"@@{name}@@", "\n".join(lines))
    return text


# --- bash -----------------------------------------------------------------------------------------------------------


def for_bash(places: Sequence[Place]) -> str:
    def quoted(words: Sequence[str]) -> str:
        return " ".join(f"'{word}'" for word in words)

    flags, commands, values, options, arguments = [], [], [], [], []
    for place in places:
        key = f"'{place.path}'"
        for flag in place.flags:
            for name in flag.names:
                if flag.values is not None:
                    flags.append(f"            {key}:{name}) value=$word; continue ;;")
                    values.append(f'            {key}:{name}) _syncagent_fill "$cur" {quoted(flag.values)} ;;')
        if place.below:
            names = "|".join(f"{key}:{name}" for name, _ in place.below)
            commands.append(f"            {names}) at=${{at:+$at }}$word ;;")
        every = [name for flag in place.flags for name in flag.names]
        options.append(f'            {key}) _syncagent_fill "$cur" {quoted(every)} ;;')
        first = [*(name for name, _ in place.below), *place.values]
        if first:
            many = "*" if not place.second and place.values else "0"
            arguments.append(f'            {key}:{many}) _syncagent_fill "$cur" {quoted(first)} ;;')
        if place.second:
            arguments.append(f'            {key}:1) _syncagent_fill "$cur" {quoted(place.second)} ;;')
    filled = {"flags": flags, "commands": commands, "values": values, "options": options, "arguments": arguments}
    return _filled("bash", filled)


# --- zsh ------------------------------------------------------------------------------------------------------------


def for_zsh(places: Sequence[Place]) -> str:
    def quoted(words: Sequence[str]) -> str:
        return " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)

    def told(name: str, text: str) -> str:
        return f"{name}:{text}".replace("\\", "\\\\") if text else name

    flags, commands, values, options, arguments = [], [], [], [], []
    for place in places:
        key = f"'{place.path}'"
        for flag in place.flags:
            for name in flag.names:
                if flag.values is not None:
                    flags.append(f"            ({key}:{name}) value=$word; continue ;;")
                    values.append(f"            ({key}:{name}) _syncagent_fill {quoted(flag.values)} ;;")
        if place.below:
            names = "|".join(f"{key}:{name}" for name, _ in place.below)
            commands.append(f"            ({names}) at=${{at:+$at }}$word ;;")
        every = [told(name, flag.help) for flag in place.flags for name in flag.names]
        options.append(f"            ({key}) found=( {quoted(every)} ) ;;")
        first = [*(told(name, text) for name, text in place.below), *place.values]
        if first:
            many = "*" if not place.second and place.values else "0"
            arguments.append(f"            ({key}:{many}) _syncagent_fill {quoted(first)} ;;")
        if place.second:
            arguments.append(f"            ({key}:1) _syncagent_fill {quoted(place.second)} ;;")
    filled = {"flags": flags, "commands": commands, "values": values, "options": options, "arguments": arguments}
    return _filled("zsh", filled)


# --- fish -----------------------------------------------------------------------------------------------------------


def for_fish(places: Sequence[Place]) -> str:
    flags: list[str] = []
    commands: list[str] = []
    lines: list[str] = []
    for place in places:
        commands.extend(_in_fish(f"{place.path}:{name}") for name, _ in place.below)
        flags.extend(
            _in_fish(f"{place.path}:{name}") for flag in place.flags if flag.values is not None for name in flag.names
        )
        lines.extend(_lines_of_fish(place))
    return _filled("fish", {"flags": [" ".join(flags)], "commands": [" ".join(commands)], "lines": lines})


def _lines_of_fish(place: Place) -> Iterator[str]:
    at = _in_fish(f"__syncagent_at {_in_fish(place.path)}")
    for name, text in place.below:
        yield f"complete -c syncagent -n {at} -a {name} -d {_in_fish(text)}"
    for flag in place.flags:
        value = ""
        if flag.values is not None:
            value = " -r -F" if FILES in flag.values else f" -x {_offered_by_fish(flag.values)}".rstrip()
        for name in flag.names:
            yield f"complete -c syncagent -n {at} -l {name[2:]}{value} -d {_in_fish(flag.help)}"
    if place.values:
        first = _in_fish(f"__syncagent_at {_in_fish(place.path)} 0") if place.second else at
        yield f"complete -c syncagent -n {first} {_offered_by_fish(place.values)}"
    if place.second:
        second = _in_fish(f"__syncagent_at {_in_fish(place.path)} 1")
        yield f"complete -c syncagent -n {second} {_offered_by_fish(place.second)}"


def _offered_by_fish(values: Sequence[str]) -> str:
    said: list[str] = []
    plain: list[str] = []
    for value in values:
        if value == FILES:
            said.append("-F")
        elif value == FOLDERS:
            said.append("-a '(__fish_complete_directories)'")
        elif value.startswith(ASKED):
            said.append(f"-a '(__syncagent_words {value.removeprefix(ASKED)})'")
        else:
            plain.append(value)
    return " ".join([*said, *([f"-a {_in_fish(' '.join(plain))}"] if plain else [])])


def _in_fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SHELLS: Final[Mapping[str, Callable[[Sequence[Place]], str]]] = {
    "bash": for_bash,
    "zsh": for_zsh,
    "fish": for_fish,
}
