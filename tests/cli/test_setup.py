"""`setup`: the first run, in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import syncagent.agent.assistant
from syncagent.agent.places import Places

if TYPE_CHECKING:
    from tests.cli.conftest import Script

Command = Callable[..., tuple[int, str, str]]
URL = "http://127.0.0.1:4711/enter?ticket=once"


def assistant(monkeypatch: pytest.MonkeyPatch, *, done: bool) -> None:
    async def assist(spot: Places, show: Callable[[str], None]) -> bool:
        show(URL)
        return done

    monkeypatch.setattr(syncagent.agent.assistant, "assist", assist)


def test_the_assistant_is_shown_until_it_is_done(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assistant(monkeypatch, done=True)
    assert command("setup", "--print") == (0, f"{URL}\nset up; the agent runs in the background\n", "")


def test_when_nobody_goes_on_with_it_that_is_said(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assistant(monkeypatch, done=False)
    code, out, err = command("setup", "--print")
    assert (code, out) == (1, f"{URL}\n")
    assert err == "syncagent: nothing was set up: nobody has used the page for a while\n"


def test_what_is_set_up_already_is_shown(command: Command, agent: Script, spot: Places) -> None:
    spot.config.write_text('sync_root = "/srv/folder"\nserver = "ws://127.0.0.1:8765"\n')
    agent.answers["page"] = {"url": URL}
    assert command("setup", "--print") == (0, f"{URL}\n", "")
