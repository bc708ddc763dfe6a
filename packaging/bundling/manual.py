"""The man pages, made of what the command line says of itself: one of the whole, one of each group of commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def pages(command: Any, version: str) -> dict[str, str]:
    """The pages of a click command with all of its groups, by their names (without the section, which is 1)."""
    groups = {name: one for name, one in command.commands.items() if hasattr(one, "commands")}
    found = {f"syncagent-{name}": _group(name, one, version) for name, one in groups.items()}
    return {"syncagent": _whole(command, version, list(found)), **found}


def manual(command: Any, version: str) -> str:
    """The page ``syncagent(1)``."""
    return pages(command, version)["syncagent"]


def _whole(command: Any, version: str, others: list[str]) -> str:
    from syncagent.cli.exits import MEANING  # noqa: PLC0415 - icons and AppImage are made without it

    lines = [
        *_head("SYNCAGENT", version),
        ".SH NAME", "syncagent \\- keep a folder the same on all of your machines",
        ".SH SYNOPSIS", ".B syncagent", ".I COMMAND", "[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]",
        ".SH DESCRIPTION", *paragraphs(str(command.help)),
        ".SH COMMANDS",
    ]  # fmt: skip
    for name, one in command.commands.items():
        if hasattr(one, "commands"):
            below = ", ".join(f"\\fB{escaped(inner)}\\fR" for inner in one.commands)
            lines += [f".SS {escaped(name)}", *paragraphs(one.help or ""), ".PP", f"Has {below}: see"]
            lines += [f".BR syncagent\\-{escaped(name)} (1)."]
            if not one.invoke_without_command:
                continue
            lines.append(".PP")
            lines.append("By itself:")
        else:
            lines += [_title(name, one), *paragraphs(one.help or ""), *_explained(one)]
        lines += [*_options(one), *_examples(name)]
    lines += [".SH EXIT STATUS"]
    for code, meaning in MEANING.items():
        lines += [".TP", f"\\fB{code.value}\\fR", escaped(meaning)]
    lines += [
        ".SH ENVIRONMENT", ".TP", "\\fBSYNCAGENT_API_KEY\\fR", "The key for the hub, in place of the one that is kept.",
        ".TP", "\\fBSYNCAGENT_DATA_DIR\\fR", "What \\fB\\-\\-data\\-dir\\fR is when it is not given.",
        ".TP", "\\fBSYNCAGENT_PROFILE\\fR", "What \\fB\\-\\-profile\\fR is when it is not given.",
        ".TP", "\\fBSYNCAGENT_\\fISETTING\\fR", "A setting, in capitals: stronger than config.toml.",
        ".SH FILES", ".TP", "\\fI~/.local/share/syncagent\\fR", "The usual data directory: settings, log, database.",
        ".TP", "\\fI.syncignore\\fR", "In any folder that is kept: what is left out, as in a .gitignore file.",
        ".SH SEE ALSO", *_references(others),
        ".PP", "The README in \\fI/usr/share/doc/syncagent\\fR, which has all settings.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _group(name: str, group: Any, version: str) -> str:
    lines = [
        *_head(f"SYNCAGENT-{name.upper()}", version),
        ".SH NAME", f"syncagent\\-{escaped(name)} \\- {escaped(_short(group.help or ''))}",
        ".SH SYNOPSIS", f".B syncagent {escaped(name)}", ".I COMMAND", "[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]",
        ".SH DESCRIPTION", *paragraphs(group.help or ""),
    ]  # fmt: skip
    if group.invoke_without_command:
        lines += _options(group)
    lines.append(".SH COMMANDS")
    for inner, one in group.commands.items():
        path = f"{name} {inner}"
        lines += [_title(path, one), *paragraphs(one.help or ""), *_explained(one), *_options(one), *_examples(path)]
    lines += [".SH SEE ALSO", ".BR syncagent (1),", "which has the exit codes."]
    return "\n".join(lines) + "\n"


def _head(title: str, version: str) -> list[str]:
    return [f'.TH {escaped(title)} 1 "" "syncagent {escaped(version)}" "User Commands"']


def _title(name: str, one: Any) -> str:
    return ".SS " + escaped(" ".join([name, *arguments(one)]))


def _options(one: Any) -> Iterator[str]:
    for parameter in one.params:
        if parameter.param_type_name == "option" and not parameter.hidden:
            shown = f"\\fB{escaped(', '.join([*parameter.opts, *parameter.secondary_opts]))}\\fR"
            if not parameter.is_flag:
                shown += f" \\fI{escaped(str(parameter.metavar or parameter.name.upper()))}\\fR"
            yield from (".TP", shown, escaped(str(parameter.help) + _default(parameter)))


def _default(parameter: Any) -> str:
    if parameter.is_flag or not parameter.show_default or parameter.default in (None, ""):
        return ""
    return f" Default: {parameter.default}."


def _short(text: str) -> str:
    """What stands behind a page's name: one line, without a full stop."""
    return " ".join(text.split("\n\n", maxsplit=1)[0].split()).rstrip(".")


def _references(names: list[str]) -> list[str]:
    return [f".BR {escaped(name)} (1){',' if name != names[-1] else ''}" for name in names]


def commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Each command with its whole name; a group only where it can be called by itself."""
    below: Mapping[str, Any] = group.commands
    for name, one in below.items():
        inner = getattr(one, "commands", None)
        if inner is None or one.invoke_without_command:
            yield before + name, one
        if inner is not None:
            yield from commands(one, f"{before}{name} ")


def arguments(command: Any) -> list[str]:
    from syncagent.cli.helping import shown_arguments  # noqa: PLC0415 - as above

    return list(shown_arguments(command))


def _explained(command: Any) -> Iterator[str]:
    for one in command.params:
        if one.param_type_name == "argument" and one.help:
            yield from (".TP", f"\\fI{escaped(str(one.metavar or one.name.upper()))}\\fR", escaped(str(one.help)))


def _examples(name: str) -> Iterator[str]:
    from syncagent.cli.helping import EXAMPLES  # noqa: PLC0415 - as above

    if lines := EXAMPLES.get(name, ()):
        yield from (".PP", "Examples:", ".PP", ".nf", ".RS")
        yield from (escaped(f"syncagent {line}") for line in lines)
        yield from (".RE", ".fi")


def paragraphs(text: str) -> Iterator[str]:
    for number, part in enumerate(text.split("\n\n")):
        if number:
            yield ".PP"
        yield escaped(" ".join(part.replace("\b", "").split()))


def escaped(text: str) -> str:
    """Text that troff takes for nothing but text."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\`").replace("'", "\\(aq")
    return "\\&" + text if text.startswith(".") else text
