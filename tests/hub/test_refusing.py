"""Changes whose content there is no room for, each by itself; what comes of it is tried in ``test_work``."""

from __future__ import annotations

from syncagent.content.digest import digest_of
from syncagent.hub.refusing import FULL, instead_of_asking, never, without
from syncagent.hub.tasks import Submit
from syncagent.model.changes import Ruling, Verdict
from syncagent.protocol.faults import CODES
from tests.hub.test_work import LAPTOP, block, file


def test_only_what_speaks_of_new_blocks_is_refused_in_its_place() -> None:
    known, new = file("known", b"known"), file("new", b"new")
    task = Submit(LAPTOP, (new, known), (block(b"known"), block(b"new")))
    changed = without(task, [digest_of(b"new")], "no room")
    refused, kept = changed.changes
    assert isinstance(refused, Verdict)
    assert (refused.error_code, refused.message) == (FULL, "no room")
    assert kept is known
    assert changed.blocks == ()
    assert FULL in CODES


def test_who_would_be_asked_for_blocks_is_told_when_there_is_no_room_for_them() -> None:
    change = file("a", parts=(b"1234", b"56"))
    asked = Verdict(change.change_id, change.node_id, Ruling.NEEDS_BLOCKS, missing=(digest_of(b"56"),))
    assert instead_of_asking([asked], [change], never) == (asked,)
    assert instead_of_asking([asked], [change], lambda size: "no room" if size > 2 else "") == (asked,)
    [told] = instead_of_asking([asked], [change], lambda size: "no room" if size > 1 else "")
    assert (told.ruling, told.error_code) == (Ruling.REJECTED, FULL)
