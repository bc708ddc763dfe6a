"""What the agent says and hears, against messages as they stand in the protocol."""

from __future__ import annotations

import json
from typing import Any

import pytest
from blake3 import blake3

from syncagent.content.chunker import COARSE
from syncagent.engine import gathering
from syncagent.engine.dialogue import HANDSHAKE_SECONDS, Dialogue, Frame, Introduction, link_down
from syncagent.engine.effects import AskBlocks, AskChanges, AskMissing, CloseLink, SendBlocks, Submit
from syncagent.engine.events import BlocksCame, BlocksEnded, CaughtUp, Heard, HubLacks, Judged, Welcomed
from syncagent.engine.requests import DIGESTS_AT_ONCE
from syncagent.errors import AskPerson, BadMessage, IdTaken, LinkLost, Refused, StorageTrouble, SyncAgentError, TryAgain
from syncagent.model.changes import Change, Draft, Entry, Operation, Ruling, Verdict, change_of
from syncagent.model.ids import NO_REV, ROOT, ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Block, Content, Dir, File, Placement
from syncagent.protocol import codec, packs

WHEN = "2026-11-22T23:18:00Z"
ME = ClientId("laptop-20261122T231800Z-3f9a")
WHO = Introduction(ME, "Laptop", "/home/ann/Sync", "key-of-ann", cursor=7, epoch="e1", run="r1", incarnation="i1")
DATA = b"the content of a file"
DIGEST = Digest(blake3(DATA).digest())
EVERYTHING = [
    "journal",
    "batch",
    "blocks",
    "push",
    "zstd",
    "heal",
    "splice",
    "subtree",
    "ahead",
    "claim",
    "prepare",
    "outline",
]


def hub(type_: str, **data: Any) -> str:
    return json.dumps({"type": type_, "data": data, "client_id": "server", "timestamp": WHEN})


def welcome(**more: Any) -> str:
    data: dict[str, Any] = {
        "success": True, "message": "Connected successfully", "server_time": WHEN, "protocol_version": 2,
        "capabilities": EVERYTHING, "hub_id": "h1", "epoch": "e1", "head": 9, "heartbeat_interval": 30,
        "limits": {"text_bytes": 4 << 20, "frame_bytes": 1 << 20, "batch_changes": 4096, "push_bytes": 65536},
        "role": "writer",
    }  # fmt: skip
    return hub("client_connect", **(data | more))


def connected(**more: Any) -> Dialogue:
    dialogue = Dialogue(WHO, lambda: WHEN, now=0.0)
    dialogue.open()
    dialogue.receive(welcome(**more), 0.0)
    return dialogue


def said(frames: list[Frame]) -> list[Any]:
    """The envelopes in ``frames``, compressed or not; packs as they are."""
    found: list[Any] = []
    for frame in frames:
        if isinstance(frame, bytes) and packs.frame_kind(frame) == packs.KIND_PACK:
            found.append(packs.read_pack(frame))
        else:
            found.append(json.loads(frame if isinstance(frame, str) else packs.read_text(frame)))
    return found


def edit(number: int, blocks: tuple[Block, ...] = ()) -> Change:
    file = File(NodeId(f"n{number}"), Placement(ROOT, Name(f"f{number}.txt")), Content(DIGEST, len(DATA)), False, 5)
    return change_of(
        Operation.CREATE,
        file,
        change_id=ChangeId(f"c{number}"),
        base_rev=NO_REV,
        recipe=blocks or (Block(DIGEST, len(DATA)),),
        path=RelPath(f"f{number}.txt"),
    )


# --- the handshake ----------------------------------------------------------------------------------------------


def test_the_first_message_is_client_connect() -> None:
    [first] = said(Dialogue(WHO, lambda: WHEN, 0.0).open())
    assert first == {
        "type": "client_connect",
        "data": {
            "client_id": ME, "client_name": "Laptop", "sync_root": "/home/ann/Sync", "api_key": "key-of-ann",
            "protocol_version": 2, "capabilities": EVERYTHING, "cursor": 7, "epoch": "e1", "run": "r1",
            "incarnation": "i1",
        },
        "client_id": ME,
        "timestamp": WHEN,
    }  # fmt: skip


def test_the_key_is_in_no_log() -> None:
    assert "key-of-ann" not in repr(WHO)


def test_the_hubs_welcome() -> None:
    dialogue = Dialogue(WHO, lambda: WHEN, 0.0)
    assert dialogue.receive(welcome(), 0.0) == [
        Welcomed(
            "h1", "e1", Seq(9), 4096, 262_144, 65_536, True, True, ahead=True, subtrees=True, claims=True, outlines=True
        )
    ]


def test_a_reader_may_not_write() -> None:
    [event] = Dialogue(WHO, lambda: WHEN, 0.0).receive(welcome(role="reader"), 0.0)
    assert isinstance(event, Welcomed)
    assert not event.may_write


def test_a_hub_that_speaks_only_the_seeds_protocol() -> None:
    dialogue = Dialogue(WHO, lambda: WHEN, 0.0)
    [event] = dialogue.receive(hub("client_connect", success=True, message="ok", server_time=WHEN), 0.0)
    assert isinstance(event, Welcomed)
    assert not event.journal
    assert event.batch_changes == 1
    assert dialogue.next_pulse == 30
    assert dialogue.receive(hub("file_changed", operation="update", file_path="a", client_id="b"), 1.0) == []


REFUSALS: list[tuple[str, dict[str, Any], type[SyncAgentError]]] = [
    ("no code", {}, Refused),
    ("a wrong key", {"error_code": "authentication_failed"}, Refused),
    ("no such folder", {"error_code": "folder_unknown"}, Refused),
    ("another version", {"error_code": "unsupported_version"}, Refused),
    ("the id is taken for now", {"error_code": "client_id_in_use"}, IdTaken),
    ("too many", {"error_code": "too_many_connections"}, TryAgain),
    ("it is being stopped", {"error_code": "shutting_down"}, LinkLost),
    ("its disk fails", {"error_code": "storage_unavailable"}, StorageTrouble),
]


def as_answer(more: dict[str, Any]) -> str:
    return hub("client_connect", success=False, message="no", server_time=WHEN, **more)


def as_error(more: dict[str, Any]) -> str:
    return hub("error", message="no", details="", **more)


@pytest.mark.parametrize(
    ("said_no", "kind"),
    [(as_answer(more), kind) for _, more, kind in REFUSALS]
    + [(as_error(more), kind) for _, more, kind in REFUSALS[1:]],
    ids=[name for name, _, _ in REFUSALS] + [f"{name}, as an error" for name, _, _ in REFUSALS[1:]],
)
def test_a_refusal(said_no: str, kind: type[SyncAgentError]) -> None:
    with pytest.raises(kind, match="no") as refusal:
        Dialogue(WHO, lambda: WHEN, 0.0).receive(said_no, 0.0)
    assert link_down(refusal.value).final is issubclass(kind, AskPerson)


@pytest.mark.parametrize(
    "frame",
    [
        hub("file_changed", operation="update", file_path="a", client_id="b"),
        hub("heartbeat", timestamp=WHEN),
        hub("sync_response", success=True, message="", kind="verdicts", verdicts=[]),
        next(packs.encode_packs([(DIGEST, DATA)], compress=False)),
        "<html>sign in to the network</html>",
    ],
    ids=["a change", "a heartbeat", "verdicts", "a pack", "a page"],
)
def test_nothing_is_taken_before_the_welcome(frame: Frame) -> None:
    with pytest.raises(BadMessage):
        Dialogue(WHO, lambda: WHEN, 0.0).receive(frame, 0.0)


def test_a_second_welcome_is_none() -> None:
    with pytest.raises(BadMessage):
        connected().receive(welcome(), 1.0)


def test_a_hub_that_does_not_answer_is_left() -> None:
    dialogue = Dialogue(WHO, lambda: WHEN, 100.0)
    assert dialogue.next_pulse == 100 + HANDSHAKE_SECONDS
    assert dialogue.pulse(105.0) == []
    with pytest.raises(LinkLost):
        dialogue.pulse(100 + HANDSHAKE_SECONDS)


def test_farewell() -> None:
    [last] = said(connected().farewell())
    assert (last["type"], last["data"]) == ("client_disconnect", {})
    [last] = said(connected().send(CloseLink("the folder is gone")))
    assert last["data"] == {"reason": "the folder is gone"}
    assert Dialogue(WHO, lambda: WHEN, 0.0).farewell() == []


# --- heartbeats -------------------------------------------------------------------------------------------------


def test_heartbeats() -> None:
    dialogue = connected(heartbeat_interval=20)
    assert dialogue.next_pulse == 20
    [beat] = said(dialogue.pulse(20.0))
    assert beat == {
        "type": "heartbeat", "data": {"client_id": ME, "timestamp": WHEN}, "client_id": ME, "timestamp": WHEN,
    }  # fmt: skip
    assert dialogue.receive(hub("heartbeat", timestamp=WHEN), 21.0) == []
    assert dialogue.next_pulse == 40


def test_the_hubs_question_is_answered() -> None:
    dialogue = connected()
    dialogue.receive(hub("heartbeat", timestamp=WHEN), 25.0)
    assert dialogue.next_pulse <= 25
    assert [one["type"] for one in said(dialogue.pulse(25.0))] == ["heartbeat"]


def test_a_silent_hub_is_dead() -> None:
    dialogue = connected()
    dialogue.pulse(30.0)
    dialogue.pulse(60.0)
    with pytest.raises(LinkLost):
        dialogue.pulse(75.0)


# --- the journal ------------------------------------------------------------------------------------------------


ROW = {
    "operation": "create", "file_path": "docs", "client_id": "desk-1", "node_id": "n1", "parent_id": "root",
    "kind": "directory", "seq": 8, "rev": 1, "server_time": WHEN,
}  # fmt: skip
ENTRY = Entry(
    Seq(8), Rev(1), Operation.CREATE, ClientId("desk-1"), NodeId("n1"),
    Dir(NodeId("n1"), Placement(ROOT, Name("docs"))), (), RelPath("docs"),
)  # fmt: skip


def test_asking_for_the_journal() -> None:
    [asked] = said(connected().send(AskChanges(Seq(7))))
    assert (asked["type"], asked["data"]) == ("sync_request", {"kind": "changes", "since": 7})
    [asked] = said(connected().send(AskChanges(Seq(0), snapshot=True)))
    assert asked["data"] == {"kind": "changes", "since": 0, "snapshot": True}


def test_a_page_of_it() -> None:
    page = hub("sync_response", success=True, message="", operations=[], files_to_sync=[], conflicts=[],
               kind="changes", changes=[ROW], head=12, more=True, snapshot=True, next=8)  # fmt: skip
    assert connected().receive(page, 1.0) == [CaughtUp((ENTRY,), Seq(12), True, True, Seq(8))]


def test_changes_that_are_told() -> None:
    dialogue = connected()
    assert dialogue.receive(hub("file_changed", **ROW), 1.0) == [Heard((ENTRY,))]
    assert dialogue.receive(hub("file_changed", client_id="server", changes=[ROW]), 1.0) == [Heard((ENTRY,))]


def test_notices_of_a_coming_and_going_are_not_for_the_engine() -> None:
    dialogue = connected()
    assert dialogue.receive(hub("client_disconnect", client_id="desk-1", client_name="Desk"), 1.0) == []
    assert dialogue.receive(hub("file_changed", operation="update", file_path="a", client_id="b"), 1.0) == []


def test_one_change_is_submitted_by_itself() -> None:
    [message] = said(connected().send(Submit((edit(1),))))
    assert message["type"] == "file_changed"
    assert message["data"] == {
        "operation": "create", "file_path": "f1.txt", "client_id": ME, "change_id": "c1", "node_id": "n1",
        "parent_id": "root", "kind": "file", "size": len(DATA), "mtime_ns": 5, "digest": DIGEST.hex(),
    }  # fmt: skip


def test_several_are_a_batch_and_too_many_are_several_in_order() -> None:
    dialogue = connected(limits={"batch_changes": 3})
    messages = said(dialogue.send(Submit(tuple(edit(number) for number in range(8)))))
    batches = [message["data"].get("changes") or [message["data"]] for message in messages]
    assert [len(batch) for batch in batches] == [3, 3, 2]
    assert [change["change_id"] for batch in batches for change in batch] == [f"c{number}" for number in range(8)]
    assert {message["data"]["client_id"] for message in messages} == {ME}


def test_a_persons_yes_goes_with_each_message_of_what_was_confirmed() -> None:
    dialogue = connected(limits={"batch_changes": 3})
    messages = said(dialogue.send(Submit(tuple(edit(number) for number in range(4)), confirmed=True)))
    assert [message["data"]["confirmed"] for message in messages] == [True, True]
    [unasked] = said(dialogue.send(Submit((edit(5), edit(6)))))
    assert "confirmed" not in unasked["data"]


def test_a_long_text_is_compressed_where_that_was_agreed() -> None:
    many = Submit(tuple(edit(number) for number in range(100)))
    assert [type(frame) for frame in connected().send(many)] == [bytes]
    assert [type(frame) for frame in connected(capabilities=["journal", "batch", "blocks"]).send(many)] == [str]


def test_a_change_that_no_message_can_carry_is_answered_at_once_and_the_others_leave() -> None:
    dialogue = connected(limits={"text_bytes": 40_000})
    huge = edit(2, tuple(Block(Digest(bytes([number % 256]) * 32), 65_536) for number in range(1000)))
    messages = said(dialogue.send(Submit((edit(1), huge, edit(3)))))
    assert [message["data"]["change_id"] for message in messages] == ["c1", "c3"]
    [event] = dialogue.unsaid()
    assert isinstance(event, Judged)
    assert [(one.change_id, one.ruling, one.error_code) for one in event.verdicts] == [
        ("c2", Ruling.REJECTED, "message_too_large")
    ]
    assert dialogue.unsaid() == []


def test_verdicts() -> None:
    lacking = "ab" * 32
    answer = hub(
        "sync_response", success=True, message="", operations=[], files_to_sync=[], conflicts=[], kind="verdicts",
        head=11, verdicts=[
            {"change_id": "c1", "status": "committed", "node_id": "n1", "seq": 10, "rev": 1},
            {"change_id": "c2", "status": "needs_blocks", "node_id": "n2", "missing": [lacking]},
            {"change_id": "c3", "status": "rejected", "node_id": "n3", "rev": 4, "error_code": "conflict",
             "message": "the node has changed since"},
        ],
    )  # fmt: skip
    assert connected().receive(answer, 1.0) == [
        Judged(
            (
                Verdict(ChangeId("c1"), NodeId("n1"), Ruling.COMMITTED, Seq(10), Rev(1)),
                Verdict(
                    ChangeId("c2"), NodeId("n2"), Ruling.NEEDS_BLOCKS, missing=(Digest(bytes.fromhex(lacking)),)
                ),
                Verdict(
                    ChangeId("c3"), NodeId("n3"), Ruling.REJECTED, rev=Rev(4), error_code="conflict",
                    message="the node has changed since",
                ),
            ),
            Seq(11),
        )
    ]  # fmt: skip


# --- blocks -----------------------------------------------------------------------------------------------------


def digests(count: int) -> tuple[Digest, ...]:
    return tuple(Digest(number.to_bytes(32, "big")) for number in range(count))


def test_asking_what_the_hub_lacks() -> None:
    dialogue = connected()
    [asked] = said(dialogue.send(AskMissing(5, (DIGEST,))))
    assert asked["data"]["kind"] == "missing"
    assert asked["data"]["digests"] == [DIGEST.hex()]
    answer = hub("sync_response", success=True, message="", kind="missing", request_id=asked["data"]["request_id"],
                 digests=[DIGEST.hex()])  # fmt: skip
    assert dialogue.receive(answer, 1.0) == [HubLacks(5, frozenset({DIGEST}))]
    with pytest.raises(BadMessage):
        dialogue.receive(answer, 1.0)


def test_a_question_that_is_too_long_is_asked_in_parts_and_answered_once() -> None:
    dialogue = connected()
    many = digests(2 * DIGESTS_AT_ONCE + 1)
    asked = said(dialogue.send(AskMissing(5, many)))
    assert [digest for one in asked for digest in one["data"]["digests"]] == [digest.hex() for digest in many]
    events = [
        dialogue.receive(
            hub("sync_response", success=True, message="", kind="missing", request_id=one["data"]["request_id"],
                digests=one["data"]["digests"][:1]), 1.0,
        )
        for one in asked
    ]  # fmt: skip
    assert events[:-1] == [[], []]
    assert events[-1] == [HubLacks(5, frozenset({many[0], many[DIGESTS_AT_ONCE], many[-1]}))]


def test_blocks_that_were_asked_for_come_and_end() -> None:
    dialogue = connected()
    [asked] = said(dialogue.send(AskBlocks(5, (DIGEST,))))
    [missing] = said(dialogue.send(AskMissing(5, (DIGEST,))))
    assert asked["data"]["kind"] == "blocks"
    assert asked["data"]["request_id"] != missing["data"]["request_id"]
    [pack] = packs.encode_packs([(DIGEST, DATA)], compress=True)
    assert dialogue.receive(pack, 1.0) == [], "they are handed on together, when their end is said"
    end = hub("sync_response", success=True, message="", kind="blocks", request_id=asked["data"]["request_id"],
              digests=[])  # fmt: skip
    assert dialogue.receive(end, 1.0) == [BlocksCame(((DIGEST, DATA),)), BlocksEnded(5, frozenset())]


def test_what_would_become_of_files_comes_behind_their_bytes() -> None:
    dialogue = connected()
    [pack] = packs.encode_packs([(DIGEST, DATA)], compress=False)
    file = {"node_id": "n1", "digest": DIGEST.hex(), "size": len(DATA), "mtime_ns": 7, "executable": True}
    said = hub("sync_response", success=True, message="", kind="prepare", files=[file])
    draft = Draft(NodeId("n1"), Content(DIGEST, len(DATA)), True, 7)
    assert dialogue.receive(pack, 1.0) == []
    assert dialogue.receive(said, 1.0) == [BlocksCame(((DIGEST, DATA),), drafts=(draft,))]
    with pytest.raises(BadMessage):
        dialogue.receive(hub("sync_response", success=True, message="", kind="prepare", files=[{}]), 1.0)
    long = hub("sync_response", success=True, message="", kind="prepare", files=[{**file, "blocks": []}])
    assert dialogue.receive(long, 1.0) == [BlocksCame((), drafts=(draft,))], "the long way leads there, too"


def test_very_many_blocks_are_handed_on_before_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    dialogue = connected()
    [pack] = packs.encode_packs([(DIGEST, DATA)], compress=False)
    monkeypatch.setattr(gathering, "GATHERED_BYTES", 2 * len(pack))
    assert dialogue.receive(pack, 1.0) == []
    assert dialogue.receive(pack, 1.0) == [BlocksCame(((DIGEST, DATA),) * 2)]
    assert dialogue.receive(pack, 1.0) == []
    assert dialogue.gathered() == [BlocksCame(((DIGEST, DATA),))], "what has come when the connection ends is not lost"
    assert dialogue.gathered() == []


def test_a_block_that_is_not_what_it_is_named_is_not_taken() -> None:
    [pack] = packs.encode_packs([(DIGEST, DATA)], compress=False)
    with pytest.raises(BadMessage):
        connected().receive(pack[:-1] + b"!", 1.0)


def test_blocks_are_sent_in_packs() -> None:
    blocks = [bytes([number]) * 100_000 for number in range(10)]
    wanted = tuple((Block(Digest(blake3(one).digest()), len(one)), one) for one in blocks)
    frames = connected(capabilities=["journal", "batch", "blocks"]).send(SendBlocks(3, wanted))
    assert all(len(frame) <= packs.SENT_FRAME_BYTES for frame in frames)
    assert [one for pack in said(frames) for one in pack] == [(block.digest, data) for block, data in wanted]
    assert sum(map(len, connected().send(SendBlocks(3, wanted)))) < 50_000, "they are compressed where that was agreed"


# --- trouble ----------------------------------------------------------------------------------------------------


def test_an_error_of_the_hubs_ends_the_connection() -> None:
    with pytest.raises(StorageTrouble, match="no room to think"):
        connected().receive(hub("error", error_code="internal_error", message="no room to think", details=""), 1.0)


def test_so_does_a_request_that_failed() -> None:
    failed = hub("sync_response", success=False, message="busy", kind="changes", error_code="storage_unavailable")
    with pytest.raises(StorageTrouble, match="busy"):
        connected().receive(failed, 1.0)


@pytest.mark.parametrize("frame", ["{", "[]", b"\x07\x00", b"", hub("sync_request", kind="changes")])
def test_what_is_no_message_of_a_hub_is_refused(frame: Frame) -> None:
    with pytest.raises(BadMessage):
        connected().receive(frame, 1.0)


def test_when_it_was_goes_along_with_it() -> None:
    [told] = connected().receive(hub("file_changed", **ROW), 1.0)
    assert isinstance(told, Heard)
    assert told.times == {ENTRY.seq: ROW["server_time"]}


def test_fields_that_are_not_known_do_no_harm() -> None:
    assert connected().receive(hub("file_changed", **ROW, colour="red"), 1.0) == [Heard((ENTRY,))]


def test_all_that_is_said_can_be_read_by_a_hub() -> None:
    dialogue = connected()
    effects = [AskChanges(Seq(0)), AskMissing(1, (DIGEST,)), AskBlocks(2, (DIGEST,)), Submit((edit(1), edit(2)))]
    frames = [frame for effect in effects for frame in dialogue.send(effect)]
    for frame in [*dialogue.open(), *dialogue.farewell("bye"), *frames, *dialogue.pulse(30.0)]:
        message = codec.decode_frame(frame)
        assert not isinstance(message, codec.Pack)
        codec.body_from_client(message)


@pytest.mark.hazard("G13")
def test_g13_a_hub_whose_frames_hold_no_block_is_not_talked_to() -> None:
    """Sending one would fail in the middle of the engine's step."""
    dialogue = Dialogue(WHO, lambda: WHEN, now=0.0)
    dialogue.open()
    with pytest.raises(BadMessage, match="too short for a block"):
        dialogue.receive(welcome(limits={"frame_bytes": 0}), 0.0)
    least = connected(limits={"frame_bytes": COARSE.most + 42, "text_bytes": 0, "batch_changes": 0, "push_bytes": 0})
    data = bytes(COARSE.most)
    assert least.send(SendBlocks(1, ((Block(Digest(blake3(data).digest()), len(data)), data),)))


@pytest.mark.hazard("G13")
def test_g13_pages_that_lead_nowhere_are_not_asked_for_for_ever() -> None:
    dialogue = connected()
    dialogue.send(AskChanges(Seq(7)))
    page = {"success": True, "message": "", "kind": "changes", "more": True, "head": 99}
    assert dialogue.receive(hub("sync_response", **page, next=8), 0.0)
    dialogue.send(AskChanges(Seq(8)))
    with pytest.raises(BadMessage, match="leads nowhere"):
        dialogue.receive(hub("sync_response", **page, next=8), 0.0)
