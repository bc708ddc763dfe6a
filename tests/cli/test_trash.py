"""trash list, restore and empty, over the agent's real socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Script

Command = Callable[..., tuple[int, str, str]]

ITEMS: list[dict[str, Any]] = [
    {"id": "1.2", "path": "d\nd", "deleted": 1_700_000_000.0, "by": "desk", "folder": True, "files": 9, "bytes": 4000},
    {"id": "thing", "path": "a", "deleted": None, "by": "", "folder": False, "files": 1, "bytes": 2},
]


def test_what_is_in_it_is_listed(command: Command, agent: Script) -> None:
    agent.answers["trash"] = {"items": ITEMS, "count": 2, "bytes": 4002}
    code, out, _ = command("trash", "list")
    first, second, last = out.splitlines()
    assert code == 0
    assert first.startswith("2023-11-1")
    assert first.endswith("  d\\nd/ (9 files), 4.0 kB, deleted by desk")
    assert second == "at some time      a, 2 B"
    assert last == "2 in the trash, 4.0 kB"
    assert json.loads(command("trash", "list", "--json")[1])["items"] == ITEMS


def test_it_is_empty(command: Command, agent: Script) -> None:
    agent.answers["trash"] = {"items": [], "count": 0, "bytes": 0}
    assert command("trash", "list") == (0, "the trash is empty\n", "")


def test_what_comes_back_is_told_with_where_it_is(command: Command, agent: Script) -> None:
    back = {"restored": [{"path": "a", "was": "a"}, {"path": "b (restored)", "was": "b"}]}
    agent.answers["trash.restore"] = back
    assert command("trash", "restore", "d") == (0, "put back: a\nput back: b (restored) (b was not free)\n", "")
    assert agent.asked[-1] == ("trash.restore", {"path": "d"})
    assert json.loads(command("trash", "restore", "d", "--json")[1]) == back


@pytest.mark.parametrize(("options", "args"), [((), {}), (("--older-than", "7d"), {"older_than": 604_800.0})])
def test_it_is_emptied(command: Command, agent: Script, options: tuple[str, ...], args: dict[str, Any]) -> None:
    agent.answers["trash.empty"] = {"removed": 3, "bytes": 4000}
    assert command("trash", "empty", *options) == (0, "removed: 3 from the trash, 4.0 kB\n", "")
    assert agent.asked[-1] == ("trash.empty", args)
    assert json.loads(command("trash", "empty", "--json")[1]) == {"removed": 3, "bytes": 4000}


def test_a_time_that_is_none_is_said_in_one_line(command: Command, agent: Script) -> None:
    code, out, err = command("trash", "empty", "--older-than", "soon")
    assert (code, out) == (2, "")
    assert err.startswith("syncagent: --older-than must be a time such as")
