"""The man page, made of what the command line says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def manual(command: Any, version: str) -> str:
    """The page ``syncagent(1)`` for a click command with all of its groups."""
    lines = [
        f'.TH SYNCAGENT 1 "" "syncagent {escaped(version)}" "User Commands"',
        ".SH NAME", "syncagent \\- keep a folder the same on all of your machines",
        ".SH SYNOPSIS", ".B syncagent", ".I COMMAND", "[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]",
        ".SH DESCRIPTION", escaped(str(command.help)),
        ".SH COMMANDS",
    ]  # fmt: skip
    for name, one in commands(command):
        lines += [".SS " + escaped(" ".join([name, *arguments(one)])), *paragraphs(one.help or "")]
        for parameter in one.params:
            if parameter.param_type_name == "option" and not parameter.hidden:
                lines += [".TP", f"\\fB{escaped(', '.join([*parameter.opts, *parameter.secondary_opts]))}\\fR"]
                if not parameter.is_flag:
                    lines[-1] += f" \\fI{escaped(str(parameter.metavar or parameter.name.upper()))}\\fR"
                lines.append(escaped(str(parameter.help)))
    lines += [
        ".SH FILES", ".TP", "\\fI~/.local/share/syncagent\\fR", "The usual data directory: settings, log, database.",
        ".SH SEE ALSO", "The README in \\fI/usr/share/doc/syncagent\\fR, which has the exit codes and all settings.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Each command with its whole name; a group only where it can be called by itself."""
    for name, one in group.commands.items():
        below = getattr(one, "commands", None)
        if below is None or one.invoke_without_command:
            yield before + name, one
        if below is not None:
            yield from commands(one, f"{before}{name} ")


def arguments(command: Any) -> list[str]:
    return [str(one.metavar or one.name.upper()) for one in command.params if one.param_type_name == "argument"]


def paragraphs(text: str) -> Iterator[str]:
    for number, part in enumerate(text.split("\n\n")):
        if number:
            yield ".PP"
        yield escaped(" ".join(part.split()))


def escaped(text: str) -> str:
    """Text that troff takes for nothing but text."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\`").replace("'", "\\(aq")
    return "\\&" + text if text.startswith(".") else text
