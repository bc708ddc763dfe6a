"""held, approve, reject and undo, over the agent's real socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Script

Command = Callable[..., tuple[int, str, str]]

ACT: dict[str, Any] = {
    "id": 3, "direction": "outgoing", "decision": "held", "by": ["Laptop"], "held_by": "hub", "since": "noon",
    "deleted": 11, "overwritten": 1, "folders": 2, "paths": [{"path": "a\nb\x1b[31m", "loss": "deleted"}],
}  # fmt: skip


def test_held_lists_what_waits_for_a_word(command: Command, agent: Script) -> None:
    agent.acts = [ACT]
    code, out, _ = command("held")
    assert code == 0
    assert out.splitlines() == [
        "3  held: 11 deleted and 1 overwritten, outgoing, by Laptop, since noon; it is the hub that asks",
        "    deleted: a\\nb\\u001b[31m",
        "    … and 11 more (--json lists them all)",
        "`syncagent approve ID` lets it through, `syncagent reject ID` brings the files back, here and everywhere",
    ]
    assert ("held", {"decided": False, "paths": False}) in agent.asked


def test_held_says_how_much_of_it_had_gone_through(command: Command, agent: Script) -> None:
    agent.acts = [ACT | {"gone_before": 4}]
    first = command("held")[1].splitlines()[0]
    assert "1 overwritten (4 of them had gone through before it became too much), outgoing" in first


def test_held_in_json_has_every_path(command: Command, agent: Script) -> None:
    agent.acts = [ACT]
    code, out, _ = command("held", "--all", "--json")
    assert (code, json.loads(out)["acts"]) == (0, [ACT])
    assert ("held", {"decided": True, "paths": True}) in agent.asked


def test_nothing_is_held(command: Command, agent: Script) -> None:
    assert command("held") == (0, "nothing is held\n", "")


@pytest.mark.parametrize(("word", "done"), [("approve", "approved"), ("reject", "rejected"), ("undo", "undone")])
def test_a_word_is_handed_on_with_the_number(command: Command, agent: Script, word: str, done: str) -> None:
    code, out, _ = command(word, "3")
    assert code == 0
    assert out.startswith(f"{done}: 12 files and folders")
    assert "1 more has changed since, and is left as it is" in out
    assert (word, {"act": 3}) in agent.asked
    assert json.loads(command(word, "3", "--json")[1]) == {"concerned": 12, "left": 1}


def test_without_a_number_the_one_that_is_held_is_meant_but_undo_wants_one(command: Command, agent: Script) -> None:
    assert command("approve")[0] == 0
    assert ("approve", {"act": 0}) in agent.asked
    assert command("undo")[0] == 2


def test_a_number_that_is_none_is_said_in_one_line(command: Command, agent: Script) -> None:
    code, out, err = command("reject", "99")
    assert (code, out) == (2, "")
    assert err == "syncagent: there is no 99; `syncagent held` lists what there is\n"
