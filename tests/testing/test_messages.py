"""The builders give messages that the codec reads and that keep to the protocol."""

from __future__ import annotations

import pytest

from syncagent.model.changes import Change, Operation
from syncagent.protocol.changes import FileChange, FileChanges
from syncagent.protocol.codec import Pack, body_from_client, body_from_hub, decode, decode_frame
from syncagent.protocol.connection import ConnectionRequest, ConnectionResponse
from syncagent.protocol.convert import changes_of, entry_from_wire, submitted
from syncagent.testing import messages as m


def test_a_level_1_client_says_four_fields() -> None:
    assert decode(m.connect(level=1)).data.keys() == {"client_id", "client_name", "sync_root", "api_key"}
    assert decode(m.connected(level=1)).data.keys() == {"success", "message", "server_time"}


def test_fields_are_said_over_the_defaults() -> None:
    request = body_from_client(decode(m.connect("phone-1", folder="team", client_name="my phone")))
    assert isinstance(request, ConnectionRequest)
    assert (request.client_id, request.folder, request.client_name) == ("phone-1", "team", "my phone")
    response = body_from_hub(decode(m.connected(head=7, role="reader")))
    assert isinstance(response, ConnectionResponse)
    assert (response.head, response.role) == (7, "reader")


def test_every_change_can_be_submitted() -> None:
    changes = (m.file("a", b"x"), m.folder("d"), m.link("l", "a"), m.update("a", b"y"), m.move("a", "b"), m.delete("b"))
    body = body_from_client(decode(m.submit(*changes, client_id="phone-1")))
    assert isinstance(body, FileChanges)
    found = [change for change in submitted(body) if isinstance(change, Change)]
    assert [change.operation for change in found] == [Operation.CREATE] * 3 + [
        Operation.UPDATE,
        Operation.MOVE,
        Operation.DELETE,
    ]
    assert len({change.change_id for change in found}) == len(changes)
    assert found[0].node_id == found[3].node_id == found[4].node_id
    assert {change.client_id for change in body.changes} == {"phone-1"}


def test_entries_can_be_heard() -> None:
    body = body_from_hub(decode(m.tell(m.file("a", b"x", seq=1), m.delete("a", seq=2))))
    assert isinstance(body, FileChange | FileChanges)
    assert [(entry.seq, entry.rev, entry.author) for entry in map(entry_from_wire, changes_of(body))] == [
        (1, 1, m.DESKTOP),
        (2, 2, m.DESKTOP),
    ]


def test_a_pack_is_one_frame() -> None:
    found = decode_frame(m.pack(b"alpha" * 1000, compress=True))
    assert isinstance(found, Pack)
    assert found.blocks[0][1] == b"alpha" * 1000
    with pytest.raises(ValueError, match="make 0 frames"):
        m.pack()
