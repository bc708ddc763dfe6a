"""Transcripts that keep to the protocol, and each way not to."""

from __future__ import annotations

import pytest

from syncagent.protocol.codec import to_frame
from syncagent.protocol.compliance import Direction, Finding, Frame, Rule, check
from syncagent.protocol.connection import Disconnect
from syncagent.testing import messages as m

UP, DOWN = Direction.TO_HUB, Direction.TO_CLIENT
A, B, C = m.file("a.txt", b"alpha"), m.file("b.txt", b"beta"), m.file("c.txt", b"gamma")

HELLO: list[tuple[Direction, Frame]] = [(UP, m.connect()), (DOWN, m.connected(head=2))]
CAUGHT_UP: list[tuple[Direction, Frame]] = [
    *HELLO,
    (UP, m.ask_changes(0)),
    (DOWN, m.changes(A.model_copy(update={"seq": 1}), m.folder("d", seq=2), head=2)),
]
LEVEL_1: list[tuple[Direction, Frame]] = [(UP, m.connect(level=1)), (DOWN, m.connected(level=1))]


def at(seq: int, name: str = "x", **fields: object) -> m.FileChange:
    return m.file(name, b"x", seq=seq, **fields)


def broken(*frames: tuple[Direction, Frame]) -> list[tuple[int, Rule]]:
    return [(finding.position, finding.rule) for finding in check(frames)]


# --- what is right


RIGHT: dict[str, list[tuple[Direction, Frame]]] = {
    "nothing": [],
    "level 1": [
        *LEVEL_1,
        (UP, m.file_changed("update", "document.txt")),
        (UP, m.file_changed("move", "b", old_path="a")),
        (DOWN, m.from_hub(m.FileChange(operation="update", file_path="document.txt", client_id=m.DESKTOP))),
        (UP, m.heartbeat()),
        (DOWN, m.hub_heartbeat()),
        (DOWN, m.hub_heartbeat()),
        (UP, m.ask_analysis()),
        (DOWN, m.analysis()),
        (DOWN, m.left()),
        (DOWN, m.error("rate_limited")),
        (UP, m.goodbye()),
    ],
    "a refusal": [(UP, m.connect()), (DOWN, m.refused()), (DOWN, m.error("authentication_failed"))],
    "an error instead of an answer": [(UP, m.connect()), (DOWN, m.error("unsupported_version"))],
    "level 2": [
        *CAUGHT_UP,
        (DOWN, m.pack(b"x")),
        (DOWN, m.tell(at(3), at(4, "y"))),
        (UP, m.pack(b"beta", b"gamma")),
        (UP, m.submit(B, C, m.delete("d", base_rev=9))),
        (UP, m.heartbeat()),
        (DOWN, m.tell(at(5, "z"))),
        (DOWN, m.verdicts(m.committed(B, 6), m.committed(C, 7), m.rejected(m.delete("d", base_rev=9)))),
        (DOWN, m.hub_heartbeat()),
        (DOWN, m.tell(at(8, "w"))),
        (UP, m.ask_missing(b"beta", request_id="1")),
        (DOWN, m.missing(request_id="1")),
        (UP, m.ask_blocks(b"x", b"gone", request_id="2")),
        (DOWN, m.pack(b"x")),
        (DOWN, m.blocks_end(b"gone", request_id="2")),
        (UP, m.goodbye()),
    ],
    "pages": [
        *HELLO,
        (UP, m.ask_changes(4)),
        (DOWN, m.changes(at(5), at(6), head=8, more=True, next=6)),
        (UP, m.ask_changes(6)),
        (DOWN, m.changes(at(7), at(8), head=8)),
        (DOWN, m.tell(at(9))),
    ],
    "a client that begins anew": [
        (UP, m.connect(cursor=4, epoch="epoch-1", run="run-1")),
        (DOWN, m.connected(head=12, run="run-2", diverged=True)),
        (UP, m.ask_changes(0)),
        (DOWN, m.changes(at(3), at(9), head=12, more=True, next=9, snapshot=True)),
        (UP, m.ask_changes(9, snapshot=True)),
        (DOWN, m.changes(at(11), head=12, snapshot=True)),
        (UP, m.ask_changes(12)),
        (DOWN, m.changes(head=12)),
    ],
    "a snapshot": [
        *HELLO,
        (UP, m.ask_changes(0)),
        (DOWN, m.changes(at(3), at(9), head=12, more=True, next=9, snapshot=True)),
        (UP, m.ask_changes(9, snapshot=True)),
        (DOWN, m.changes(at(11), head=12, snapshot=True)),
        (DOWN, m.tell(at(13))),
    ],
    "it asks anew while it is told, and submits while it asks": [
        *CAUGHT_UP,
        (UP, m.ask_changes(2)),
        (DOWN, m.tell(at(3))),
        (UP, m.submit(B)),
        (DOWN, m.verdicts(m.committed(B, 5))),
        (DOWN, m.changes(at(3), at(4), m.file("b.txt", b"beta", seq=5), head=5)),
        (DOWN, m.tell(at(6))),
    ],
    "the hub asks over and over whether it is alive": [
        *LEVEL_1,
        *[(DOWN, m.hub_heartbeat()), (UP, m.heartbeat())] * 4,
        (UP, m.heartbeat()),
        (DOWN, m.hub_heartbeat()),
    ],
    "its own entries come back while it catches up": [
        *HELLO,
        (UP, m.ask_changes(0)),
        (DOWN, m.changes(at(1), head=1, author=m.LAPTOP)),
    ],
    "a request that fails": [
        *HELLO,
        (UP, m.ask_blocks(b"x", request_id="7")),
        (DOWN, m.error("storage_unavailable", request_id="7")),
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_keeps_to_the_protocol_has_no_findings(name: str) -> None:
    assert list(map(str, check(RIGHT[name]))) == []


# --- what is wrong: the frames, where the finding is, which rule


WITHOUT = ["journal", "batch", "blocks", "push", "zstd"]


def connected_without(*left_out: str) -> list[tuple[Direction, Frame]]:
    offered = [word for word in WITHOUT if word not in left_out]
    return [(UP, m.connect()), (DOWN, m.connected(capabilities=offered))]


LONG = to_frame(m.submit(*(m.folder(str(number)) for number in range(100))), compress=True)

WRONG: dict[str, tuple[list[tuple[Direction, Frame]], list[tuple[int, Rule]]]] = {
    "no JSON": ([*LEVEL_1, (UP, "hello")], [(2, Rule.UNREADABLE)]),
    "a bad pack": ([*HELLO, (DOWN, m.pack(b"x")[:-1])], [(2, Rule.UNREADABLE)]),
    "something before client_connect": ([(UP, m.heartbeat())], [(0, Rule.FIRST_MESSAGE)]),
    "client_connect twice": ([*LEVEL_1, (UP, m.connect(level=1))], [(2, Rule.CONNECT_TWICE)]),
    "an answer to client_connect twice": ([*LEVEL_1, (DOWN, m.connected(level=1))], [(2, Rule.CONNECT_TWICE)]),
    "a client that does not wait": ([(UP, m.connect()), (UP, m.heartbeat())], [(1, Rule.TOO_EARLY)]),
    "a hub that does not wait": ([(DOWN, m.hub_heartbeat())], [(0, Rule.TOO_EARLY)]),
    "an answer before the question": ([(DOWN, m.connected(level=1))], [(0, Rule.UNASKED)]),
    "a client that does not take no": (
        [(UP, m.connect()), (DOWN, m.refused()), (UP, m.heartbeat())],
        [(2, Rule.AFTER_REFUSAL)],
    ),
    "a hub that goes on after no": (
        [(UP, m.connect()), (DOWN, m.refused()), (DOWN, m.hub_heartbeat())],
        [(2, Rule.AFTER_REFUSAL)],
    ),
    "words after goodbye": ([*LEVEL_1, (UP, m.goodbye()), (UP, m.heartbeat())], [(3, Rule.AFTER_GOODBYE)]),
    "another client's envelope": (
        [*LEVEL_1, (UP, m.from_client(Disconnect(), client_id="someone"))],
        [(2, Rule.SENDER)],
    ),
    "a hub by another name": (
        [*LEVEL_1, (DOWN, m.from_client(m.HubHeartbeat(timestamp=m.TIME), client_id="hub"))],
        [(2, Rule.SENDER)],
    ),
    "a change in another's name": (
        [*LEVEL_1, (UP, m.file_changed("update", "a").replace(m.LAPTOP, "someone", 1))],
        [(2, Rule.AUTHOR)],
    ),
    "a time that is none": ([*LEVEL_1, (DOWN, m.hub_heartbeat().replace(m.TIME, "noon"))], [(2, Rule.TIMESTAMP)] * 2),
    "a path that leaves the folder": ([*LEVEL_1, (UP, m.file_changed("update", "../a"))], [(2, Rule.PATH)]),
    "a pack without blocks": ([*connected_without("blocks"), (UP, m.pack(b"x"))], [(2, Rule.NOT_AGREED)]),
    "compressed without zstd": ([*connected_without("zstd"), (UP, LONG)], [(2, Rule.NOT_AGREED)]),
    "a batch without batch": ([*connected_without("batch"), (UP, m.submit(A, B))], [(2, Rule.NOT_AGREED)]),
    "content without journal": ([*connected_without("journal"), (UP, m.submit(A))], [(2, Rule.NOT_AGREED)]),
    "a request without its capability": (
        [*connected_without("journal", "blocks"), (UP, m.ask_changes()), (UP, m.ask_missing()), (UP, m.ask_blocks())],
        [(2, Rule.NOT_AGREED), (3, Rule.NOT_AGREED), (4, Rule.NOT_AGREED)],
    ),
    "word of what was not agreed on": (
        [*connected_without("heal", "prepare"), (DOWN, m.wanted(A)), (DOWN, m.prepare(A))],
        [(2, Rule.NOT_AGREED), (3, Rule.NOT_AGREED)],
    ),
    "capabilities that were not offered": (
        [(UP, m.connect(level=1)), (DOWN, m.connected(capabilities=["journal"]))],
        [(1, Rule.AGREED_TOO_MUCH)] * 2,
    ),
    "level 2 fields for level 1": ([*LEVEL_1, (DOWN, m.tell(at(1)))], [(2, Rule.LEVEL_1_FIELDS)]),
    "an echo": ([*CAUGHT_UP, (DOWN, m.tell(at(3), author=m.LAPTOP))], [(4, Rule.ECHO)]),
    "an answer that nobody asked for": ([*HELLO, (DOWN, m.missing())], [(2, Rule.UNASKED)]),
    "an answer to another request": (
        [*HELLO, (UP, m.ask_missing(request_id="1")), (DOWN, m.missing(request_id="2"))],
        [(3, Rule.UNASKED)],
    ),
    "an answer twice": (
        [*HELLO, (UP, m.ask_missing()), (DOWN, m.missing()), (DOWN, m.missing())],
        [(4, Rule.UNASKED)],
    ),
    "verdicts on nothing": ([*CAUGHT_UP, (DOWN, m.verdicts(m.committed(B, 3)))], [(4, Rule.UNASKED)]),
    "verdicts out of order": (
        [*CAUGHT_UP, (UP, m.submit(B, C)), (DOWN, m.verdicts(m.committed(C, 3), m.committed(B, 4)))],
        [(5, Rule.VERDICTS)],
    ),
    "a verdict too few": (
        [*CAUGHT_UP, (UP, m.submit(B, C)), (DOWN, m.verdicts(m.committed(B, 3)))],
        [(5, Rule.VERDICTS)],
    ),
    "batches judged out of order": (
        [*CAUGHT_UP, (UP, m.submit(B)), (UP, m.submit(C)), (DOWN, m.verdicts(m.committed(C, 3)))],
        [(6, Rule.VERDICTS)],
    ),
    "a verdict that overtakes others' entries": (
        [*CAUGHT_UP, (UP, m.submit(B)), (DOWN, m.verdicts(m.committed(B, 4))), (DOWN, m.tell(at(3)))],
        [(5, Rule.GAP), (6, Rule.ORDER)],
    ),
    "a number twice": ([*CAUGHT_UP, (DOWN, m.tell(at(3))), (DOWN, m.tell(at(3)))], [(5, Rule.ORDER)]),
    "a number left out": ([*CAUGHT_UP, (DOWN, m.tell(at(4)))], [(4, Rule.GAP)]),
    "a page that goes back": (
        [*HELLO, (UP, m.ask_changes(4)), (DOWN, m.changes(at(4), at(5), head=5))],
        [(3, Rule.ORDER)],
    ),
    "a page with a hole": ([*HELLO, (UP, m.ask_changes(4)), (DOWN, m.changes(at(6), head=6))], [(3, Rule.GAP)]),
    "a client that goes on with a journal that is gone": (
        [
            (UP, m.connect(cursor=4, epoch="epoch-1", run="run-1")),
            (DOWN, m.connected(head=9, run="run-2", diverged=True)),
            (UP, m.ask_changes(4)),
        ],
        [(2, Rule.BEGINS_ANEW)],
    ),
    "a client that goes on where the hub is not yet": (
        [(UP, m.connect(cursor=4, epoch="epoch-1")), (DOWN, m.connected(head=3)), (UP, m.ask_changes(4))],
        [(2, Rule.BEGINS_ANEW)],
    ),
    "a push before the catch-up": ([*HELLO, (DOWN, m.tell(at(3)))], [(2, Rule.PUSHED_EARLY)]),
    "blocks that nobody asked for": (
        [*connected_without("push"), (UP, m.ask_blocks(b"x")), (DOWN, m.pack(b"x", b"y"))],
        [(3, Rule.UNASKED_BLOCKS)],
    ),
    "an error code that is not in the table": (
        [*LEVEL_1, (DOWN, m.error().replace("internal_error", "oops"))],
        [(2, Rule.ERROR_CODE)],
    ),
    "a verdict with such a code": (
        [*CAUGHT_UP, (UP, m.submit(B)), (DOWN, m.verdicts(m.rejected(B)).replace('"conflict"', '"oops"'))],
        [(5, Rule.ERROR_CODE)],
    ),
    "heartbeats into the void": ([*LEVEL_1, *[(UP, m.heartbeat())] * 3], [(4, Rule.HEARTBEAT)]),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_way_to_break_the_protocol_is_found_where_it_is(name: str) -> None:
    frames, expected = WRONG[name]
    assert broken(*frames) == expected


def test_every_rule_can_be_broken() -> None:
    assert {rule for _, expected in WRONG.values() for _, rule in expected} == set(Rule)


def test_a_finding_says_where_what_and_which_rule() -> None:
    assert check([(UP, m.heartbeat())]) == [Finding(0, Rule.FIRST_MESSAGE, "the client begins with heartbeat")]
    assert str(check([(UP, m.heartbeat())])[0]) == (
        "frame 0: the client begins with heartbeat (the first message is client_connect)"
    )
