"""The command that gives the scripts, and what they ask it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncagent.agent.config.writing import write_settings
from syncagent.agent.places import Places

Command = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_printed(command: Command, shell: str) -> None:
    code, out, err = command("completion", shell)
    assert (code, err) == (0, "")
    assert "conflicts" in out


@pytest.mark.parametrize("shell", [(), ("tcsh",)])
def test_for_a_shell_that_is_not_known_it_says_which_are(command: Command, shell: tuple[str, ...]) -> None:
    code, out, err = command("completion", *shell)
    assert (code, out) == (2, "")
    assert "bash, zsh, fish" in err


def test_profiles_are_known_without_an_agent(command: Command, spot: Places) -> None:
    write_settings(spot, {"sync_root": "/a", "server": "ws://h:1"})
    write_settings(spot.of("photos"), {"sync_root": "/b", "server": "ws://h:1"})
    assert command("completion", "--words", "profiles")[:2] == (0, "default\nphotos\n")


@pytest.mark.parametrize("kind", ["held", "trash", "conflicts", "excluded", "decided", "no-such"])
def test_what_cannot_be_had_is_nothing_and_no_error(command: Command, kind: str) -> None:
    assert command("completion", "--words", kind) == (0, "", "")
