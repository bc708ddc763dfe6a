"""What a client is told when it is let in."""

from __future__ import annotations

import pytest

from syncagent.hub.events import Admitted
from syncagent.hub.rows import Folder, FolderId, Role
from syncagent.hub.rules import Rules
from syncagent.hub.welcome import agreed, notes, welcome
from syncagent.model.ids import Seq
from syncagent.protocol.connection import ConnectionRequest

EVENT = Admitted("hub", Folder(FolderId(1), "team", "e1", Seq(9), Seq(0)), Role.WRITER, "r2", diverged=True)


def request(*capabilities: str, version: int = 2) -> ConnectionRequest:
    return ConnectionRequest(
        client_id="a", client_name="A", sync_root="", protocol_version=version, capabilities=capabilities
    )


@pytest.mark.hazard("E7")
def test_who_keeps_a_journal_is_told_whether_it_still_is_this_one() -> None:
    answer = welcome(request("journal"), EVENT, Rules(), 0)
    assert (answer.epoch, answer.head, answer.run, answer.diverged) == ("e1", 9, "r2", True)
    assert [(note.what, note.fields["level"]) for note in notes(request("journal"), EVENT)[:1]] == [("connected", 2)]
    assert notes(request("journal"), EVENT)[1].what == "diverged"


@pytest.mark.parametrize("asked", [request("journal", version=1), request("batch"), request()])
def test_who_keeps_none_is_told_nothing_of_it(asked: ConnectionRequest) -> None:
    assert agreed(asked) == frozenset()
    assert welcome(asked, EVENT, Rules(), 0).model_fields_set == {"success", "message", "server_time"}
    assert [note.what for note in notes(asked, EVENT)] == ["connected"]
