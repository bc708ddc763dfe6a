"""The answers of several profiles as one."""

from __future__ import annotations

from typing import Any

from syncagent.agent.together import acts, entries, statuses


def status(profile: str, **more: Any) -> dict[str, Any]:
    return {
        "profile": profile, "state": "idle", "reason": "", "stuck": "", "in_sync": True, "pending": 0, "files": 2,
        "last_contact": 10.0, "lines": [], "held": [], "asked": [], "skipped": [], "unreadable": [],
        "transfers": {"upload_bytes": 1}, "traffic": {"sent": 2},
        "unacknowledged": {"count": 1, "oldest_seconds": 2.0}, **more,
    }  # fmt: skip


def test_the_worst_comes_first_and_the_rest_is_summed() -> None:
    held = {"path": "a", "reason": "the disk is full"}
    found = statuses([
        status("one", pending=3),
        status("two", state="offline", reason="no route", in_sync=False, last_contact=None, held=[held]),
    ])  # fmt: skip
    assert (found["state"], found["reason"], found["in_sync"]) == ("offline", "two: no route", False)
    assert (found["pending"], found["files"], found["last_contact"]) == (3, 4, 10.0)
    assert found["held"] == [held | {"profile": "two"}]
    assert (found["transfers"], found["traffic"]) == ({"upload_bytes": 2}, {"sent": 4})
    assert found["unacknowledged"] == {"count": 2, "oldest_seconds": 2.0}
    assert [one["profile"] for one in found["profiles"]] == ["one", "two"]


def test_one_that_cannot_even_begin_is_counted_and_not_in_sync() -> None:
    stub = {"profile": "two", "state": "halted", "reason": "no key", "stuck": "config", "in_sync": False, "lines": []}
    found = statuses([status("one"), stub])
    assert (found["state"], found["stuck"], found["in_sync"], found["files"]) == ("halted", "config", False, 2)


def test_acts_and_lines_say_whose_they_are() -> None:
    held = acts({"one": {"acts": [{"id": 1}], "held": 1}, "two": {"acts": [{"id": 1}], "held": 1}})
    assert held == {"acts": [{"id": 1, "profile": "one"}, {"id": 1, "profile": "two"}], "held": 2}
    lines = entries({"one": {"entries": [{"time": "1"}, {"time": "3"}]}, "two": {"entries": [{"time": "2"}]}}, 2)
    assert lines == {"entries": [{"time": "2", "profile": "two"}, {"time": "3", "profile": "one"}]}


def test_who_watches_is_told_the_latest_of_all_and_where_it_is() -> None:
    def row(time: float) -> dict[str, Any]:
        return {"time": time, "what": "added", "path": "a", "by": ""}

    found = statuses([
        status("one", root="/one", recent=[row(3), row(1)], conflicts={"count": 0, "paths": []}),
        status("two", root="/two", recent=[row(2)], conflicts={"count": 2, "paths": ["x", "y"]}),
    ])  # fmt: skip
    assert [(one["time"], one["root"]) for one in found["recent"]] == [(3, "/one"), (2, "/two")]
    assert found["conflicts"] == {"count": 2, "paths": ["x", "y"], "root": "/two"}
