"""`why` and `activity`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from syncagent.cli.inbox import clock
from tests.cli.conftest import Script

Command = Callable[..., tuple[int, str, str]]

FOUND: dict[str, Any] = {
    "path": "docs/a.txt", "state": "in sync", "waits_for": "", "since": None, "beneath": {},
    "here": {"kind": "file", "size": 3, "digest": "ab", "executable": False, "modified": 1_764_000_000.0},
    "hub": {"acknowledged": True, "revision": 4, "sequence": 17, "applied": 20, "connected": True, "kind": "file",
            "size": 3, "digest": "ab", "executable": False, "modified": 1_764_000_000.0},
    "last_change": {"what": "changed", "by": "Desk", "time": 1_764_000_001.0},
}  # fmt: skip


@pytest.fixture
def root(agent: Script, tmp_path: Path) -> Path:
    (tmp_path / "folder" / "docs").mkdir(parents=True)
    agent.status |= {"root": str(tmp_path / "folder")}
    return tmp_path / "folder"


def test_why_says_what_is_here_what_the_hub_has_and_who_changed_it(command: Command, agent: Script, root: Path) -> None:
    agent.answers["why"] = FOUND
    code, out, err = command("why", str(root / "docs" / "a.txt"))
    assert (code, err, out.splitlines()[0]) == (0, "", "docs/a.txt: in sync")
    assert "revision 4, change 17" in out
    assert "last changed by Desk" in out
    assert agent.asked[-1] == ("why", {"path": "docs/a.txt"})
    assert json.loads(command("why", str(root / "docs" / "a.txt"), "--json")[1]) == FOUND


def test_why_ends_with_1_when_it_is_not_in_sync_and_says_for_what_it_waits(
    command: Command, agent: Script, root: Path
) -> None:
    agent.answers["why"] = FOUND | {
        "state": "waiting", "waits_for": "the connection to the hub: cut\nlast line", "since": 1_764_000_000.0,
        "beneath": {"waiting": 2, "held": 1}, "last_change": None,
        "hub": {"acknowledged": False, "connected": False, "revision": 0, "sequence": None, "applied": 0},
    }  # fmt: skip
    code, out, _ = command("why", str(root / "docs"))
    assert (code, out.splitlines()[0]) == (1, "docs/a.txt: waiting")
    assert "waits for: the connection to the hub: cut\\nlast line, since " in out
    assert "nothing that it has acknowledged" in out
    assert "2 waiting, 1 held" in out


def test_why_is_about_what_lies_in_the_folder(command: Command, agent: Script, root: Path) -> None:
    code, _, err = command("why", "/elsewhere")
    assert (code, err.count("\n")) == (2, 1)
    code, _, err = command("why", str(root))
    assert code == 2 and "status" in err


def test_of_several_folders_the_path_says_which_is_meant(command: Command, agent: Script, root: Path) -> None:
    agent.status = {"profiles": [{"profile": "default", "root": "/srv/other"}, {"profile": "p", "root": str(root)}]}
    agent.answers["why"] = FOUND
    assert command("why", str(root / "docs" / "a.txt"))[0] == 0
    assert agent.asked[-1] == ("why", {"path": "docs/a.txt", "profile": "p"})


def test_activity_is_a_line_for_each_change(command: Command, agent: Script) -> None:
    rows = [
        {"time": 1_764_000_000.0, "what": "added", "path": "a\nb", "by": ""},
        {"time": 1_764_000_001.0, "what": "moved", "path": "c", "by": "Desk", "profile": "photos", "seq": 3},
    ]
    agent.answers["activity"] = {"activity": rows}
    code, out, _ = command("activity")
    assert code == 0
    assert [line[20:] for line in out.splitlines()] == ["added   a\\nb (this machine)", "moved   [photos] c (Desk)"]
    assert [json.loads(line) for line in command("activity", "--json")[1].splitlines()] == rows
    agent.entries = rows
    assert len(command("activity", "--follow")[1].splitlines()) == 2


def test_the_log_of_a_path_is_its_history(command: Command, agent: Script, root: Path) -> None:
    rows = [
        {"seq": 3, "rev": 1, "what": "added", "by": "Desk", "path": "a", "old_path": "", "size": 3, "digest": "aa"},
        {
            "seq": 9,
            "rev": 2,
            "what": "moved",
            "by": "Desk",
            "path": "b",
            "old_path": "a",
            "size": 3,
            "digest": "aa",
            "time": 1795389480.0,
        },
    ]
    agent.answers["history"] = {"path": "b", "complete": False, "history": rows}
    code, out, err = command("log", str(root / "b"))
    assert (code, len(out.splitlines()), "does not tell" in err) == (0, 2, True)
    assert out.splitlines()[0].startswith("at a time not known ")
    assert out.splitlines()[1].startswith(clock(1795389480.0))
    assert out.splitlines()[1].endswith("moved   b (was a), 3 B (Desk)")
    assert [json.loads(line) for line in command("log", str(root / "b"), "--json", "-n", "1")[1].splitlines()] == rows[
        1:
    ]
    agent.answers["history"] = {"path": "b", "complete": True, "history": []}
    assert command("log", str(root / "b"))[:2] == (0, "the hub knows nothing of b\n")
    assert command("log", str(root / "b"), "--follow")[0] == 2
