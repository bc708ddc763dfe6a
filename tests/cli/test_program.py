"""The program as a whole: help, mistakes, and how quickly it is there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import typer

from syncagent.cli.program import _GROUPS, build

Command = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    "mistake",
    [
        ("bogus",), ("status", "--bogus"), ("wait", "--timeout", "soon"), ("wait", "--timeout", "-1"),
        ("status", "extra"), ("join",), ("hub",), ("join", "not-a-link"), ("up", "--listen", "nowhere:x"),
        ("up", "--listen", "h:0"),
        ("up", "/"), ("run", "--server", "http://x", "--sync-root", "/srv/x"), ("run",),
        ("run", "--server", "ws://127.0.0.1:1", "--sync-root", "/srv/x"), ("hub", "--data-dir", "x", "--listen", "y"),
        ("up", ""), ("status", "--data-dir", ""), ("run", "--sync-root", ""), ("hub", "--data-dir", ""),
        ("hub", "status", "--data-dir", ""),
        ("up", os.fsdecode(b"/srv/\xff")), ("join", "syncagent://127.0.0.1:1/default?key=k", os.fsdecode(b"/srv/\xff")),
        ("hub", "--data-dir", os.fsdecode(b"/srv/\xff")), ("config", "set", "name", os.fsdecode(b"\xff")),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_on_stderr_and_code_2(command: Command, mistake: tuple[str, ...]) -> None:
    code, out, err = command(*mistake)
    assert (code, out) == (2, "")
    assert err.startswith("syncagent: ")
    assert err.count("\n") == 1


def test_without_a_command_the_help_is_shown(command: Command) -> None:
    code, out, _ = command()
    assert code == 2
    assert "Begin:" in out
    assert command("--help")[:2] == (0, out)


def test_every_command_takes_a_data_directory() -> None:
    for name, found in typer.main.get_command(build()).commands.items():  # type: ignore[attr-defined]
        # One that is only a name for others has none of its own.
        own = [found] if found.params or not hasattr(found, "commands") else found.commands.values()
        for one in own:
            assert any("--data-dir" in parameter.opts for parameter in one.params), f"{name} {one.name}"


def test_each_group_has_the_commands_that_are_said_of_it() -> None:
    everything = typer.main.get_command(build()).commands  # type: ignore[attr-defined]
    assert sum(map(len, _GROUPS.values())) == len(everything)
    for names in _GROUPS.values():
        for name in names:
            assert set(typer.main.get_command(build(name)).commands) == set(names)  # type: ignore[attr-defined]


def test_a_reader_that_goes_is_no_error() -> None:
    line = f"{sys.executable} -m syncagent --help | true; exit ${{PIPESTATUS[0]}}"
    run = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=30)
    assert "Traceback" not in run.stderr


def test_asking_does_not_bring_in_what_only_starting_needs() -> None:
    code = """if True:
        import sys
        from syncagent.cli.program import build
        build()
        print(*{name.partition('.')[0] for name in sys.modules})
    """
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    heavy = {"aiohttp", "websockets", "watchdog", "apsw", "cryptography", "keyring", "blake3", "pyfastcdc"}
    assert heavy & set(run.stdout.split()) == set()
