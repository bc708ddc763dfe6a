"""What files would become, as the hub says it ahead of its verdict."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncagent.content.digest import digest_of
from syncagent.errors import BadMessage
from syncagent.model.changes import Change, Draft, Operation, Ruling, Verdict, change_of
from syncagent.model.ids import ROOT, ChangeId, Digest, NodeId, Rev
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content, Dir, File, Link, Node, Placement
from syncagent.protocol.codec import body_from_hub, decode, encode_body, encode_data
from syncagent.protocol.drafts import FEW, drafts_from_wire, drafts_of, drafts_to_wire, read_drafts, write_drafts
from syncagent.protocol.envelope import MessageType
from syncagent.protocol.packs import MAX_BLOCK_BYTES
from syncagent.protocol.sync import PrepareResponse
from syncagent.testing import messages as m

AT = Placement(ROOT, Name("f"))


def file(node_id: str, data: bytes = b"new", *, executable: bool = False, mtime_ns: int = 5) -> File:
    return File(NodeId(node_id), AT, Content(digest_of(data), len(data)), executable, mtime_ns)


def change(node: Node, operation: Operation = Operation.UPDATE) -> Change:
    recipe = (Block(node.content.digest, node.content.size),) if isinstance(node, File) else ()
    return change_of(operation, node, change_id=ChangeId(f"c-{node.id}"), base_rev=Rev(1), recipe=recipe)


drafts = st.builds(
    Draft,
    st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True).filter(lambda one: one not in ("root", "park")).map(NodeId),
    st.builds(Content, st.binary(min_size=32, max_size=32).map(Digest), st.integers(1, MAX_BLOCK_BYTES)),
    st.booleans(),
    st.integers(-(1 << 63), (1 << 63) - 1),
)


@given(st.lists(drafts, max_size=FEW).map(tuple))
def test_what_is_said_is_what_is_heard(said: tuple[Draft, ...]) -> None:
    text = encode_body(drafts_to_wire(said), client_id="server", timestamp=m.TIME)
    body = body_from_hub(decode(text))
    assert isinstance(body, PrepareResponse)
    assert drafts_from_wire(body) == said


@given(drafts, st.sampled_from(["node_id", "digest", "size", "mtime_ns", "executable", "blocks"]), st.data())
def test_what_no_file_can_be_is_not_heard(one: Draft, field: str, data: st.DataObject) -> None:
    wrong = {
        "node_id": st.sampled_from(["", "root", "park", "A", "a" * 65, None, 1]),
        "digest": st.sampled_from(["", "0" * 63, "G" * 64, None]),
        "size": st.sampled_from([0, -1, MAX_BLOCK_BYTES + 1, 1.5, True, "1"]),
        "mtime_ns": st.sampled_from([1 << 63, 0.5, "0", None]),
        "executable": st.sampled_from([0, 1, "yes", None]),
        "blocks": st.sampled_from([[["0" * 64, 1]], "x", [1]]),
    }[field]
    message = json.loads(encode_body(drafts_to_wire([one]), client_id="server", timestamp=m.TIME))
    message["data"]["files"][0][field] = data.draw(wrong)
    with pytest.raises(BadMessage):
        drafts_from_wire(body_from_hub(decode(json.dumps(message))))  # type: ignore[arg-type]


@given(st.lists(drafts, min_size=1, max_size=FEW).map(tuple), st.data())
def test_the_quick_way_says_and_hears_what_the_long_one_does(said: tuple[Draft, ...], data: st.DataObject) -> None:
    text = encode_body(drafts_to_wire(said), client_id="server", timestamp=m.TIME)
    quick = write_drafts(said)
    assert encode_data(MessageType.SYNC_RESPONSE, quick, client_id="server", timestamp=m.TIME) == text
    message = json.loads(text)
    assert read_drafts(message["data"]["files"]) == said
    file = data.draw(st.sampled_from(message["data"]["files"]))
    field = data.draw(st.sampled_from([*file, "node_id", "blocks", "from the future"]))
    some = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
    file[field] = data.draw(some | st.sampled_from(["root", "park", "0" * 64, 0, 1, [], [["0" * 64, 1]]]))
    heard = read_drafts(message["data"]["files"])
    try:
        long = drafts_from_wire(body_from_hub(decode(json.dumps(message))))  # type: ignore[arg-type]
    except BadMessage:
        assert heard is None
    else:
        assert heard in (None, long)


@pytest.mark.parametrize("items", [None, {}, [1], "x"])
def test_what_is_no_list_of_files_goes_the_long_way(items: object) -> None:
    assert read_drafts(items) is None


def test_of_a_small_edit_it_is_said_what_it_makes_of_files() -> None:
    edited, made = file("e", executable=True), file("m", b"other", mtime_ns=7)
    changes = (change(edited), change(made, Operation.CREATE))
    there = [edited.content.digest, made.content.digest]
    assert drafts_of(changes, there) == (
        Draft(edited.id, edited.content, True, 5),
        Draft(made.id, made.content, False, 7),
    )


def test_what_is_no_file_or_did_not_come_with_the_change_is_not_said() -> None:
    large = change(file("l")).content
    changes: tuple[Change | Verdict, ...] = (
        change(file("moved"), Operation.MOVE),
        change(file("known", b"the hub has its bytes")),
        change(Link(NodeId("k"), AT, "x")),
        Verdict(ChangeId("v"), NodeId("v"), Ruling.REJECTED),
    )
    assert large is not None
    assert drafts_of(changes, [large.digest]) == ()
    assert drafts_of([change(Dir(NodeId("d"), AT), Operation.CREATE)], []) == ()


def test_of_a_mass_of_files_none_is_said() -> None:
    many = [change(file(f"n{number}")) for number in range(FEW + 1)]
    assert len(drafts_of(many[:FEW], [digest_of(b"new")])) == FEW
    assert drafts_of(many, [digest_of(b"new")]) == ()
