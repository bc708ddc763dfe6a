"""The latest changes, and whose they are."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from syncagent.agent import recents
from syncagent.agent.recents import KEPT, Recent, Recents, machine_of
from syncagent.engine.effects import Submit
from syncagent.engine.events import CaughtUp, Heard, Judged, LinkDown, Seen
from syncagent.model.changes import Entry, Operation, Ruling, Verdict, change_of
from syncagent.model.facts import NothingThere
from syncagent.model.ids import ChangeId, ClientId, NodeId, Rev, Seq
from syncagent.model.names import RelPath
from tests.support.hub_entries import timed

OURS = ClientId("laptop-20261122T231800Z-3f9a")
DESK = "desk-20261120T101500Z-00ff"


def entry(path: str, operation: Operation = Operation.CREATE, author: str = DESK, seq: int = 1) -> Entry:
    return replace(timed(seq, author=author, operation=operation).entry, path=RelPath(path))


def submitted(path: str, name: str = "c1") -> Submit:
    node = timed(1).entry.node
    assert node is not None
    change = change_of(
        Operation.UPDATE, node, change_id=ChangeId(name), base_rev=Rev(1), path=RelPath(path)
    )  # fmt: skip
    return Submit((change,))


def verdict(ruling: Ruling, name: str = "c1") -> Judged:
    return Judged((Verdict(ChangeId(name), NodeId("n1"), ruling),), Seq(1))


def made() -> Recents:
    return Recents(now=lambda: 100.0)


def test_what_others_changed_is_told_with_their_machine() -> None:
    found = made()
    found.hear(Heard((entry("a"), entry("b", Operation.UPDATE), entry("c", author=OURS))), OURS)
    found.hear(Heard((entry("a", Operation.DELETE),)), OURS)
    assert found.latest(10) == [
        Recent(100.0, "deleted", RelPath("a"), "desk", 1),
        Recent(100.0, "changed", RelPath("b"), "desk", 1),
        Recent(100.0, "added", RelPath("a"), "desk", 1),
    ]
    assert [one.what for one in found.latest(1)] == ["deleted"]


def test_when_it_was_is_told_by_the_hub_s_clock() -> None:
    found = made()
    times = {Seq(1): "2026-11-22T23:18:00.500Z", Seq(2): "yesterday", Seq(3): "2026-11-22T23:18:00"}
    found.hear(Heard((entry("a"), entry("b", seq=2), entry("c", seq=3), entry("d", seq=4)), times), OURS)
    assert [one.time for one in reversed(found.latest(10))] == [1795389480.5, 100.0, 100.0, 100.0]
    found.begun(submitted("mine"))
    found.hear(replace(verdict(Ruling.COMMITTED), time="2026-11-22T23:18:01Z"), OURS)
    assert found.latest(1)[0].time == 1795389481.0


def test_what_was_changed_here_is_told_once_the_hub_has_it() -> None:
    found = made()
    found.begun(submitted("mine"))
    assert found.latest(10) == []
    found.hear(verdict(Ruling.REJECTED), OURS)
    found.begun(submitted("mine"))
    found.hear(verdict(Ruling.COMMITTED), OURS)
    found.hear(verdict(Ruling.COMMITTED), OURS)
    assert found.latest(10) == [Recent(100.0, "changed", RelPath("mine"), "")]


def test_what_was_under_way_when_the_link_went_is_forgotten() -> None:
    found = made()
    found.begun(submitted("mine"))
    found.hear(LinkDown("gone"), OURS)
    found.hear(verdict(Ruling.COMMITTED), OURS)
    assert found.latest(10) == []


def test_of_a_mass_the_last_are_kept() -> None:
    found = made()
    mass = tuple(entry(f"f{number}", seq=number) for number in range(1, 10_001))
    found.hear(CaughtUp(mass, Seq(10_000), False, True, Seq(10_000)), OURS)
    assert [one.path for one in found.latest(10_000)] == [f"f{number}" for number in range(10_000, 10_000 - KEPT, -1)]


def test_changes_of_conflict_copies_are_counted() -> None:
    found = made()
    found.hear(Heard((entry("a (conflict 2026-11-22 Laptop).txt"), entry("b"))), OURS)
    found.begun(submitted("c (conflict 2026-11-22 Laptop)"))
    found.hear(Heard((replace(entry("settled"), old_path=RelPath("a (conflict 2026-11-22 Laptop).txt")),)), OURS)
    assert found.copies_changed == 3
    copy = RelPath("docs/a (conflict 2026-11-22 Laptop).txt")
    found.hear(Seen(1, (NothingThere(RelPath("docs/a.txt")), NothingThere(copy)), last=True), OURS)
    found.hear(Seen(2, (NothingThere(RelPath("docs/a.txt")),), last=True), OURS)
    assert found.copies_changed == 4


async def test_they_are_there_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recents, "WRITE_AFTER", 0.0)
    first, second = made(), made()
    first.keep_in(tmp_path / "recent")
    first.hear(Heard((entry("a"), entry("b"))), OURS)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.get_running_loop().shutdown_default_executor()
    second.keep_in(tmp_path / "recent")
    assert second.latest(10) == first.latest(10)


@pytest.mark.parametrize("text", ["", "[]", '{"recent": 3}', '{"recent": [{"time": 1}]}'])
def test_what_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "recent").write_text(text)
    found = made()
    found.keep_in(tmp_path / "recent")
    assert found.latest(10) == []


def test_what_a_machine_is_called() -> None:
    assert machine_of("my-laptop-20261122T231800Z-3f9a") == "my-laptop"
    assert machine_of("someone else") == "someone else"
