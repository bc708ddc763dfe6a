"""What a person has who presses the key for completion, in real shells."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from syncagent.cli.completing import ASKED, SHELLS, places_of
from syncagent.cli.program import build

PLACES = tuple(places_of(typer.main.get_command(build())))


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Something that is called syncagent, and in the data directory ``d`` a setting of two folders."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "syncagent"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m syncagent "$@"\n')
    program.chmod(0o755)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "config.toml").write_text(
        'sync_root = "/a"\nserver = "ws://h:1"\n[profiles.photos]\nsync_root = "/b"\nserver = "ws://h:1"\n'
    )
    for shell, script in SHELLS.items():
        (tmp_path / shell).write_text(script(PLACES))
    (tmp_path / "folder one").mkdir()
    (tmp_path / "folder two.txt").touch()
    return program


def in_bash(program: Path, typed: list[str]) -> list[str]:
    line = (
        f'source {program.parents[1]}/bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _syncagent; '
        'for one in "${COMPREPLY[@]}"; do printf "%s\\n" "$one"; done'
    )
    run = subprocess.run(
        ["bash", "-c", line, "bash", str(program), *typed], cwd=program.parents[1], capture_output=True, text=True
    )
    assert run.stderr == ""
    return run.stdout.splitlines()


def in_fish(program: Path, typed: list[str]) -> list[str]:
    words = " ".join([str(program), *(f"'{word}'" if " " in word else word for word in typed)])
    run = subprocess.run(
        ["fish", "--no-config", "-c", f'source {program.parents[1]}/fish; complete -C "{words}"'],
        cwd=program.parents[1], capture_output=True, text=True,
        env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(program.parents[1])},
    )  # fmt: skip
    return [line.partition("\t")[0] for line in run.stdout.splitlines()]


CASES = [
    (["con"], {"config", "conflicts"}, {"status"}),
    (["config", ""], {"get", "set", "show"}, {"config"}),
    (["config", "get", "brake_f"], {"brake_files"}, {"brake_most"}),
    (["up", "--br"], {"--brake"}, {"--background"}),
    (["up", "--brake", ""], {"on", "off"}, {"auto"}),
    (["status", "--profile", "", "--data-dir", "d"], set(), set()),
    (["conflicts", "keep", "x", "m"], {"mine"}, {"theirs"}),
    (["why", "fold"], {"folder one", "folder two.txt"}, set()),
    (["completion", ""], {"bash", "zsh", "fish"}, set()),
]


@pytest.mark.parametrize(("typed", "offered", "not_offered"), CASES)
def test_bash(program: Path, typed: list[str], offered: set[str], not_offered: set[str]) -> None:
    found = set(in_bash(program, typed))
    assert offered <= found
    assert not found & not_offered


def test_bash_knows_the_profiles_of_here(program: Path) -> None:
    assert set(in_bash(program, ["status", "--data-dir", "d", "--profile", ""])) == {"default", "photos"}


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not here")
@pytest.mark.parametrize(("typed", "offered", "not_offered"), [case for case in CASES if case[0][0] != "why"])
def test_fish(program: Path, typed: list[str], offered: set[str], not_offered: set[str]) -> None:
    found = set(in_fish(program, typed))
    assert offered <= found
    assert not found & not_offered


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not here")
def test_fish_knows_the_profiles_of_here(program: Path) -> None:
    assert {"default", "photos"} <= set(in_fish(program, ["status", "--data-dir", "d", "--profile", ""]))


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not here")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [("syncagent conf\t\t", ["config", "conflicts"]),
     ("syncagent config get brake_\t\t", ["brake_files", "brake_share"]),
     ("syncagent status --data-dir d --profile \t\t", ["default", "photos"]),
     ("syncagent up --ba\t", ["--background"]), ("syncagent why folder\t\t", ["folder one", "folder two.txt"])],
)  # fmt: skip
def test_zsh(program: Path, typed: str, offered: list[str]) -> None:
    """As somebody who sits before it."""
    home = program.parents[1]
    (home / ".zshrc").write_text(
        "PS1=ready%#\nunsetopt zle_bracketed_paste 2>/dev/null\nzstyle ':completion:*' menu no\n"
        f"autoload -Uz compinit && compinit -u -d {home}/.dump\nsource {home}/zsh\n"
    )
    env = {"HOME": str(home), "ZDOTDIR": str(home), "TERM": "dumb", "PATH": f"{program.parent}:{os.environ['PATH']}",
           "LC_ALL": "C.UTF-8"}  # fmt: skip
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(home)
        os.execvpe("zsh", ["zsh", "-i"], env)
    try:
        seen = read_until(terminal, ["ready"])
        assert "error" not in seen
        os.write(terminal, typed.encode())
        read_until(terminal, offered)
    finally:
        os.kill(process, 9)
        os.waitpid(process, 0)
        os.close(terminal)


def read_until(terminal: int, wanted: list[str]) -> str:
    """What is shown until all of that is; fails when nothing more comes."""
    seen = ""
    while not all(one in seen.replace("\\ ", " ") for one in wanted):
        ready, _, _ = select.select([terminal], [], [], 20)
        assert ready, f"only this is shown: {seen!r}"
        seen += os.read(terminal, 65536).decode("utf-8", "replace")
    return seen


def test_every_command_and_option_is_in_each_script() -> None:
    for shell, script in SHELLS.items():
        text = script(PLACES)
        assert "@@" not in text
        for place in PLACES:
            for flag in place.flags:
                for name in flag.names:
                    assert (name[2:] if shell == "fish" else name) in text, name


def test_what_is_asked_for_is_answered() -> None:
    from syncagent.cli.completion import _ANSWERS

    asked = {
        value.removeprefix(ASKED)
        for place in PLACES
        for values in (place.values, *(flag.values or () for flag in place.flags))
        for value in values
        if value.startswith(ASKED)
    }
    assert asked == {*_ANSWERS, "profiles"}
