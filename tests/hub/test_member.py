"""What a client that was let in asks and hears, and in which order."""

from __future__ import annotations

import json
from collections import deque

import pytest

from syncagent.content.digest import digest_of
from syncagent.hub.events import Coming, Grown, Heard
from syncagent.hub.rows import Role
from syncagent.hub.session import ROOM
from syncagent.hub.stretch import Ahead
from syncagent.hub.tasks import AskLacking, Failed, Submit
from syncagent.model.changes import Draft
from syncagent.model.ids import NodeId, Seq
from syncagent.model.nodes import Content
from syncagent.protocol.packs import KIND_AHEAD, encode_packs
from tests.support.hub_desk import Client, Desk, directory
from tests.support.raw_client import file_change, hexdigest, pack, unpack


@pytest.fixture
def desk() -> Desk:
    return Desk()


def live(desk: Desk, name: str, *capabilities: str, role: Role = Role.WRITER) -> Client:
    client = Client(desk, name, role)
    client.hello(2, *capabilities)
    client.say("sync_request", {"kind": "changes", "since": 0})
    client.frames.clear()
    return client


def test_nothing_is_said_of_the_journal_before_a_client_says_where_it_stands(desk: Desk) -> None:
    late, busy = Client(desk, "late"), live(desk, "busy")
    late.hello()
    late.frames.clear()
    busy.submit(directory("d1"))
    assert late.frames == []
    [page] = late.say("sync_request", {"kind": "changes", "since": 0})
    assert (page["data"]["head"], page["data"].get("more")) == (1, None)
    late.frames.clear()
    busy.submit(directory("d2"))
    assert late.heard() == [2]


def test_a_persons_yes_goes_to_the_store_with_what_it_was_said_to(desk: Desk) -> None:
    a = live(desk, "a")
    desk.held = deque()
    a.submit(directory("d1"))
    a.say("file_changed", {"client_id": "a", "changes": [{"client_id": "a", **directory("d2")}], "confirmed": True})
    a.say("file_changed", {"client_id": "a", **directory("d3"), "confirmed": True})
    assert [do.task.confirmed for _, do in desk.held if isinstance(do.task, Submit)] == [False, True, True]


def test_the_author_hears_verdicts_and_not_its_own_entries(desk: Desk) -> None:
    a, b = live(desk, "a"), live(desk, "b")
    [answer] = a.submit(directory("d1"), directory("d2"))
    assert answer["data"]["kind"] == "verdicts"
    assert [one["seq"] for one in answer["data"]["verdicts"]] == [1, 2]
    assert b.heard() == [1, 2]


@pytest.mark.hazard("N14")
def test_n14_verdicts_wait_for_what_others_did_before(desk: Desk) -> None:
    a, b = live(desk, "a"), live(desk, "b")
    desk.held = deque()
    b.submit(directory("b1"))
    a.submit(directory("a1"))
    b.submit(directory("b2"))
    a.frames.clear()
    b.frames.clear()
    desk.release()
    kinds = [text["data"].get("kind", "entries") for text in a.texts()]
    assert a.heard() == [1, 2, 3]
    assert kinds == ["entries", "verdicts", "entries"]
    assert b.heard() == [1, 2, 3]


@pytest.mark.hazard("F12")
def test_f12_a_slow_reader_is_told_as_fast_as_it_reads(desk: Desk) -> None:
    slow, busy = live(desk, "slow"), live(desk, "busy")
    slow.reads = False
    plain = bytes(60_000)
    for n in range(100):
        busy.feed(Heard(pack(plain)))
        busy.submit(*(file_change(f"n{n}-{k}", f"{n}-{k}", plain) for k in range(5)))
    assert sum(map(len, slow.frames)) < ROOM + 3 * 1024 * 1024
    slow.read_all()
    assert slow.heard() == list(range(1, 501))


def test_bytes_that_came_ahead_of_their_entry_are_not_pushed_again(desk: Desk) -> None:
    a, b, plain = live(desk, "a"), live(desk, "b"), live(desk, "plain", "journal", "batch", "blocks")
    late = Client(desk, "late")
    late.hello()
    late.frames.clear()
    ahead = Ahead({digest_of(b"small"): b"small"}.items())
    for client in (b, plain, late):
        client.feed(Coming(ahead))
    assert [unpack(frame) for frame in b.frames if isinstance(frame, bytes)] == [[b"small"]]
    assert plain.frames == late.frames == [], "not agreed on; not caught up"
    a.feed(Heard(pack(b"small")))
    a.submit(file_change("n1", "f", b"small"))
    a.feed(Heard(pack(b"small")))
    a.submit(file_change("n2", "g", b"small"))
    assert [unpack(frame) for frame in b.frames if isinstance(frame, bytes)] == [[b"small"]] * 2
    assert b.heard() == [1, 2], "the second time it may have been let go of"


def test_what_a_change_would_make_of_a_file_is_said_to_those_who_agreed_before_it_is_judged(desk: Desk) -> None:
    agreed = ("journal", "batch", "blocks", "push")
    a, b, plain = live(desk, "a"), live(desk, "b", *agreed, "prepare"), live(desk, "plain", *agreed)
    draft = Draft(NodeId("n1"), Content(digest_of(b"small"), 5), False, 7)
    ahead = Ahead({digest_of(b"small"): b"small"}.items(), (draft,))
    for client in (b, plain):
        client.feed(Coming(ahead))
    packed, said = b.frames
    assert plain.frames == [packed]
    told = json.loads(said)
    assert (told["type"], told["data"]["kind"]) == ("sync_response", "prepare")
    assert told["data"]["files"] == [{"node_id": "n1", "digest": hexdigest(b"small"), "size": 5, "mtime_ns": 7}]
    b.feed(Coming(Ahead({digest_of(b"more"): b"more"}.items())))
    assert len(b.frames) == 3, "where nothing becomes of a file there is nothing to say"
    assert b.heard() == [], "and the journal is where it was"
    a.feed(Heard(pack(b"small")))
    a.submit(file_change("n1", "f", b"small"))
    assert b.heard() == [1]


def test_who_has_not_heard_everything_gets_no_bytes_ahead(desk: Desk) -> None:
    a, b = live(desk, "a"), live(desk, "b")
    desk.held = deque()
    b.feed(Grown(Seq(1)))
    b.frames.clear()
    b.feed(Coming(Ahead({digest_of(b"small"): b"small"}.items())))
    assert b.frames == []
    assert a.frames == []


def test_small_blocks_are_pushed_only_to_those_who_agreed(desk: Desk) -> None:
    a, pushed, plain = live(desk, "a"), live(desk, "pushed"), live(desk, "plain", "journal", "batch", "blocks")
    a.feed(Heard(pack(b"small")))
    a.submit(file_change("n1", "f", b"small"))
    assert [unpack(frame) for frame in pushed.frames if isinstance(frame, bytes)] == [[b"small"]]
    assert all(isinstance(frame, str) for frame in plain.frames)


def test_who_asks_what_it_is_about_to_send_is_pushed_nothing_meanwhile(desk: Desk) -> None:
    a, b = live(desk, "a"), live(desk, "b", "journal", "batch", "blocks", "push", "claim")
    asked = {"kind": "missing", "digests": [hexdigest(b"small")], "claim": True}
    [answer] = b.say("sync_request", asked)
    assert answer["data"]["digests"] == [hexdigest(b"small")]
    b.frames.clear()
    a.feed(Heard(pack(b"small")))
    a.submit(file_change("n1", "f", b"small"))
    assert [frame for frame in b.frames if isinstance(frame, bytes)] == []
    assert b.heard() == [1]
    desk.time += 6
    a.feed(Heard(pack(b"other")))
    a.submit(file_change("n2", "g", b"other"))
    assert [unpack(frame) for frame in b.frames if isinstance(frame, bytes)] == [[b"other"]]


def test_a_claim_that_was_not_agreed_on_is_a_question_like_any_other(desk: Desk) -> None:
    b = live(desk, "b", "journal", "batch", "blocks", "push")
    desk.held = deque()
    b.say("sync_request", {"kind": "missing", "digests": [hexdigest(b"small")], "claim": True})
    assert [do.task.claim for _, do in desk.held if isinstance(do.task, AskLacking)] == [False]


def test_who_may_not_write_claims_nothing(desk: Desk) -> None:
    reader = live(desk, "r", "journal", "batch", "blocks", "push", "claim", role=Role.READER)
    desk.held = deque()
    reader.say("sync_request", {"kind": "missing", "digests": [hexdigest(b"small")], "claim": True})
    assert [do.task.claim for _, do in desk.held if isinstance(do.task, AskLacking)] == [False]


def test_a_client_without_batches_hears_each_change_by_itself(desk: Desk) -> None:
    a, single = live(desk, "a"), live(desk, "single", "journal")
    a.submit(directory("d1"), directory("d2"))
    assert [text["data"]["node_id"] for text in single.texts()] == ["d1", "d2"]


def test_a_submission_waits_for_the_blocks_that_are_being_kept(desk: Desk) -> None:
    a = live(desk, "a")
    desk.held = deque()
    big = bytes(100_000)
    a.feed(Heard(pack(big)))
    a.submit(file_change("n1", "f", big))
    assert len(desk.held) == 1
    desk.release(1)
    [answer] = a.texts()
    assert answer["data"]["verdicts"][0]["status"] == "committed"


def verdicts(client: Client) -> list[tuple[str, str]]:
    return [(one["node_id"], one["status"]) for text in client.texts() for one in text["data"].get("verdicts", [])]


def test_a_submission_does_not_wait_for_blocks_that_come_after_it(desk: Desk) -> None:
    a = live(desk, "a")
    desk.held = deque()
    first, last = bytes(100_000), b"z" * 100_000
    a.feed(Heard(pack(first)))
    a.submit(file_change("n1", "first", first))
    for number in range(1, 60):
        a.feed(Heard(pack(bytes([number]) * 100_000)))
    a.feed(Heard(pack(last)))
    a.submit(file_change("n2", "last", last))
    desk.release(1)
    assert desk.held, "blocks that came later are still being kept"
    assert verdicts(a) == [("n1", "committed")]
    desk.release()
    assert verdicts(a) == [("n1", "committed"), ("n2", "committed")]


def test_a_small_edit_does_not_wait_for_blocks_of_a_large_file_but_for_what_was_submitted_before_it(desk: Desk) -> None:
    a = live(desk, "a")
    desk.held = deque()
    big, other = bytes(100_000), b"y" * 100_000
    a.feed(Heard(pack(big)))
    a.feed(Heard(pack(b"small")))
    a.submit(file_change("n1", "edited", b"small"))
    assert [type(effect.task).__name__ for _, effect in desk.held or ()] == ["Keep", "Submit"]
    a.feed(Heard(pack(other)))
    a.submit(file_change("n2", "large", other))
    a.submit(directory("d1"))
    assert [type(effect.task).__name__ for _, effect in desk.held or ()].count("Submit") == 1
    desk.release()
    assert verdicts(a) == [("n1", "committed"), ("n2", "committed"), ("d1", "committed")]


@pytest.mark.hazard("F12", "N17")
def test_many_small_blocks_are_not_hoarded(desk: Desk) -> None:
    a = live(desk, "a")
    for n in range(20):
        a.feed(Heard(pack(*(bytes([n, k]) * 30_000 for k in range(15)))))
    assert desk.store.blocks.sizes(desk.folder.id, [digest_of(bytes([0, 1]) * 30_000)])


@pytest.mark.hazard("N16")
def test_a_reader_may_ask_and_not_write(desk: Desk) -> None:
    reader = live(desk, "r", role=Role.READER)
    [answer] = reader.submit(directory("d"))
    assert answer["data"]["verdicts"][0]["error_code"] == "permission_denied"
    assert desk.folder.head == 0
    reader.frames.clear()
    reader.feed(Heard(pack(b"x")))
    assert reader.texts()[0]["data"]["error_code"] == "permission_denied"
    [page] = reader.say("sync_request", {"kind": "changes", "since": 0, "request_id": "q"})
    assert page["data"]["request_id"] == "q"


@pytest.mark.hazard("F17")
def test_f17_a_store_that_fails_is_said_so_change_by_change(desk: Desk) -> None:
    a = live(desk, "a")
    desk.fail = Failed("storage_full", "no room")
    [answer] = a.submit(directory("d1"), directory("d2"))
    assert [(one["status"], one["error_code"]) for one in answer["data"]["verdicts"]] == [
        ("rejected", "storage_full"), ("rejected", "storage_full"),
    ]  # fmt: skip
    [error] = a.say("sync_request", {"kind": "blocks", "digests": ["00" * 32], "request_id": "q"})
    assert (error["data"]["error_code"], error["data"]["request_id"]) == ("storage_full", "q")
    desk.fail = None
    [answer] = a.submit(directory("d1"))
    assert answer["data"]["verdicts"][0]["status"] == "committed"


@pytest.mark.hazard("F17")
def test_f17_who_cannot_be_told_the_journal_is_to_come_back(desk: Desk) -> None:
    a, b = live(desk, "a"), live(desk, "b")
    desk.held = deque()
    b.submit(directory("d"))
    desk.release(1)
    assert a.heard() == [1]
    a.frames.clear()
    desk.held = deque()
    b.submit(directory("e"))
    _, submit = desk.held.popleft()
    desk.held = None
    desk.do(b, submit)
    assert a.heard() == [2]
    desk.fail = Failed("storage_unavailable", "no")
    a.session._member._head = 9  # type: ignore[union-attr]  # the journal grew, and cannot be read
    a.feed(Heard("{"))
    assert a.closed == 1013


def test_blocks_come_in_the_order_asked_for_as_the_socket_takes_them(desk: Desk) -> None:
    a = live(desk, "a")
    parts = [bytes([n]) * 300_000 for n in range(12)]
    for part in parts:
        a.feed(Heard(pack(part)))
    a.reads = False
    a.say("sync_request", {"kind": "blocks", "digests": [hexdigest(part) for part in parts], "request_id": "1"})
    a.feed(Heard(json.dumps({
        "type": "sync_request", "data": {"kind": "blocks", "digests": ["11" * 32], "request_id": "2"},
        "client_id": "a", "timestamp": "",
    })))  # fmt: skip
    assert sum(map(len, a.frames)) < ROOM + 1024 * 1024
    a.read_all()
    assert [one for frame in a.frames if isinstance(frame, bytes) for one in unpack(frame)] == parts
    assert [(text["data"]["request_id"], text["data"].get("digests", [])) for text in a.texts()] == [
        ("1", []), ("2", ["11" * 32]),
    ]  # fmt: skip


def test_a_client_that_says_anew_where_it_stands_hears_nothing_twice(desk: Desk) -> None:
    a, b = live(desk, "a"), live(desk, "b")
    b.submit(directory("d1"))
    a.frames.clear()
    desk.held = deque()
    b.submit(directory("d2"))
    a.say("sync_request", {"kind": "changes", "since": 1})
    desk.release()
    assert a.heard() == [2]


@pytest.mark.hazard("F12")
@pytest.mark.parametrize("what", ["blocks", "missing", "analysis", "changes"])
def test_f12_what_a_client_wants_waits_within_bounds(desk: Desk, what: str) -> None:
    """Else one that asks and never reads, or asks faster than the disk answers, would take all memory."""
    data: dict[str, object] = {"kind": what, "digests": [hexdigest(b"x")] * 20_000}
    if what == "analysis":
        data = {"kind": what, "files": [{"path": f"f{n}"} for n in range(5_000)]}
    kind = "sync_request"
    if what == "changes":
        many = [{"client_id": "a", **directory(f"d{n}")} for n in range(2_000)]
        kind, data = "file_changed", {"client_id": "a", "changes": many}
    client = live(desk, "a")
    client.reads = False
    if what == "blocks":
        client.submit(file_change("n", "n", bytes(60_000)))
        client.session._unsent = ROOM  # its socket is full
    desk.held = deque()
    said = 0
    while client.session.may_hear and said < 100:
        client.say(kind, data)
        said += 1
    assert said < 40
    client.session._unsent = 0
    client._unread = 0
    client.reads = True
    desk.release()
    for _ in range(200):
        client.read_all()
    assert client.session.may_hear
    member = client.session._member
    assert member is not None
    assert member.backlog == 0


def test_what_is_lacking_is_said_when_the_blocks_that_came_before_are_kept(desk: Desk) -> None:
    a = live(desk, "a")
    desk.held = deque()
    big = bytes(100_000)
    a.feed(Heard(pack(big)))
    a.say("sync_request", {"kind": "missing", "request_id": "m", "digests": [digest_of(big).hex()]})
    assert len(desk.held) == 1
    desk.release()
    [answer] = a.texts()
    assert (answer["data"]["kind"], answer["data"].get("digests")) == ("missing", None), "nothing is"


def ahead(*contents: bytes) -> bytes:
    [frame] = encode_packs([(digest_of(data), data) for data in contents], compress=False, kind=KIND_AHEAD)
    return frame


EVERYTHING = ("journal", "batch", "blocks", "push", "ahead")


def test_large_blocks_go_on_to_others_before_they_are_kept_or_named(desk: Desk) -> None:
    a, b, c = live(desk, "a"), live(desk, "b", *EVERYTHING), live(desk, "c")
    b.say("sync_request", {"kind": "ahead", "room": 1_000_000})
    desk.held = deque()
    frame = ahead(bytes(100_000))
    a.feed(Heard(frame))
    assert b.frames == [frame]
    assert c.frames == [], "it did not say that it has room"
    assert a.frames == []


def test_a_client_that_has_not_caught_up_gets_nothing_ahead(desk: Desk) -> None:
    a, late = live(desk, "a"), Client(desk, "late")
    late.hello(*EVERYTHING)
    late.say("sync_request", {"kind": "ahead", "room": 1_000_000})
    late.frames.clear()
    a.feed(Heard(ahead(bytes(100_000))))
    assert late.frames == []


OUTLINE = {"kind": "outline", "node_id": "n1", "base_rev": 3, "at": 7, "parts": [[0, 40], ["11" * 32, 9], [41, 5]]}


def test_how_a_large_file_begins_goes_on_to_those_who_have_room_and_agreed(desk: Desk) -> None:
    everyone = [live(desk, name, *EVERYTHING, "outline") for name in "abc"]
    a, b, c = everyone
    old = live(desk, "old", *EVERYTHING)
    for one in (b, old):
        one.say("sync_request", {"kind": "ahead", "room": 1_000_000})
    frame = ahead(bytes(100_000))
    a.say("sync_request", OUTLINE)
    a.feed(Heard(frame))
    said, then = b.frames
    assert isinstance(said, str)
    data = json.loads(said)["data"]
    assert {name: data[name] for name in OUTLINE} == OUTLINE
    assert then == frame
    assert (a.frames, c.frames, old.frames) == ([], [], [frame])
    assert not desk.held


def test_what_who_may_not_write_says_of_files_goes_to_nobody(desk: Desk) -> None:
    b, reader = live(desk, "b", *EVERYTHING, "outline"), live(desk, "r", *EVERYTHING, "outline", role=Role.READER)
    b.say("sync_request", {"kind": "ahead", "room": 1_000_000})
    reader.say("sync_request", OUTLINE)
    assert b.frames == []
    assert reader.closed is None


@pytest.mark.parametrize(
    "wrong", [[["11", 5]], [[-1, 5]], [[0, 1, 2]], [[0, "5"]], [["11" * 32, -5]], "no", [[0, 1]] * 4_097]
)
def test_an_outline_that_is_none_is_refused(desk: Desk, wrong: object) -> None:
    a, b = live(desk, "a", *EVERYTHING, "outline"), live(desk, "b", *EVERYTHING, "outline")
    b.say("sync_request", {"kind": "ahead", "room": 1_000_000})
    [answer] = a.say("sync_request", OUTLINE | {"parts": wrong})
    assert answer["data"]["error_code"] == "invalid_message"
    assert b.frames == []
