"""`check`, over the real control socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Script

Command = Callable[..., tuple[int, str, str]]

SUMMARY: dict[str, Any] = {
    "verdict": "same", "different": 0, "open": 0, "files": 3, "folders": 1, "links": 0, "bytes_read": 1500,
    "hub_seq": 9, "hub": "",
}  # fmt: skip
FINDING = {"path": "a\nb", "kind": "open", "agree": "none", "text": "all three differ", "reason": "on its way"}


def test_all_the_same(command: Command, agent: Script) -> None:
    agent.entries = [{"progress": "reading"}, {"summary": SUMMARY}]
    assert command("check") == (
        0, "all the same: 3 files, 1 folder, 0 links, 1.5 kB read; the hub is at change 9\n", "",
    )  # fmt: skip


@pytest.mark.parametrize(("verdict", "code"), [("different", 1), ("open", 3)])
def test_what_differs_is_listed_and_the_code_says_which_it_is(
    command: Command, agent: Script, verdict: str, code: int
) -> None:
    agent.entries = [{"finding": FINDING}, {"summary": SUMMARY | {"verdict": verdict, "different": 1, "open": 1}}]
    found, out, err = command("check")
    assert (found, err) == (code, "")
    assert out.splitlines()[0] == "open       a\\nb: all three differ (on its way)"
    found, out, _ = command("check", "--json", "--quick")
    assert (found, json.loads(out)["findings"]) == (code, [FINDING])


def test_a_hub_that_could_not_be_asked_is_said(command: Command, agent: Script) -> None:
    agent.entries = [{"summary": SUMMARY | {"verdict": "open", "hub": "nobody there"}}]
    code, out, err = command("check")
    assert (code, err) == (3, "syncagent: the hub could not be asked: nobody there\n")
    assert out.startswith("nothing is wrong, but")


def test_an_agent_that_stops_in_the_middle_is_no_success(command: Command, agent: Script) -> None:
    agent.entries = [{"finding": FINDING}]
    code, _, err = command("check")
    assert (code, err) == (1, "syncagent: the agent stopped before it was done\n")
