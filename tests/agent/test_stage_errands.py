"""What the engine wants of the stage is done, and told; what cannot be done is told as well."""

from __future__ import annotations

import os

import pytest

from syncagent.content.digest import digest_of
from syncagent.engine.effects import CopyAhead, DropAhead, DropOutline, HoldAhead
from syncagent.engine.events import AheadHeld
from syncagent.errors import StorageFull
from syncagent.localfs.spare import AHEAD, OUTLINE
from syncagent.localfs.staging import Staging
from syncagent.model.names import RelPath
from syncagent.model.nodes import Block
from syncagent.planner.tasks import Copied
from tests.agent.test_errands import Desk, desk

__all__ = ["desk"]

DATA = os.urandom(100_000)


def copying(desk: Desk) -> CopyAhead:
    """The user's file, and something new behind it."""
    (desk.root / "film").write_bytes(DATA)
    stamp = desk.premises.disk.stat(RelPath("film")).stamp
    return CopyAhead(
        0, RelPath("film"), stamp, (Copied(0, (Block(digest_of(DATA), len(DATA)),)), (digest_of(b"new"), b"new"))
    )


def test_how_a_file_begins_is_copied_and_dropped(desk: Desk) -> None:
    desk.errands.begin(copying(desk))
    assert desk.next() == AheadHeld(len(b"new"))
    assert (desk.root / OUTLINE).read_bytes() == DATA + b"new"
    desk.errands.begin(DropOutline())
    desk.errands.begin(HoldAhead(((digest_of(b"x"), b"x"),)))
    assert desk.next() == AheadHeld(1)
    assert not (desk.root / OUTLINE).exists()
    assert (desk.root / AHEAD).read_bytes() == b"x"
    desk.errands.begin(DropAhead())
    desk.errands.begin(copying(desk))
    assert desk.next() == AheadHeld(len(b"new"))
    assert not (desk.root / AHEAD).exists()


@pytest.mark.hazard("B7")
def test_where_there_is_no_room_for_a_copy_it_is_told_and_nothing_is_left(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageFull("the disk is full")

    monkeypatch.setattr(Staging, "copy", full)
    desk.errands.begin(copying(desk))
    assert desk.next() == AheadHeld(len(b"new"), "the disk is full")
    assert not (desk.root / OUTLINE).exists()
