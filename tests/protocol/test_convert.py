"""Wire to model and back: what crosses the border is checked, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from syncagent.errors import BadMessage, BadName
from syncagent.model.changes import Change, Entry, Operation, Ruling, Verdict, change_of, node_of
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT, ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name, RelPath, check_path
from syncagent.model.nodes import Block, Content, Dir, File, Link, Node, Placement, Recipe
from syncagent.model.splices import Kept, Splice
from syncagent.protocol.changes import FileChange, FileChanges
from syncagent.protocol.codec import body_from_client, body_from_hub, decode, encode_body
from syncagent.protocol.connection import DEFAULT_LIMITS
from syncagent.protocol.convert import (
    EMPTY,
    MAX_BLOCKS,
    batch_to_wire,
    change_from_wire,
    change_to_wire,
    changes_of,
    digests_from_wire,
    digests_to_wire,
    entry_from_wire,
    entry_to_wire,
    notice_from_wire,
    notice_to_wire,
    splice_from_wire,
    splice_to_wire,
    submitted,
    verdict_from_wire,
    verdict_to_wire,
    wanted_from_wire,
    wanted_to_wire,
)
from syncagent.protocol.packs import MAX_BLOCK_BYTES
from syncagent.protocol.sync import OutlineRequest, OutlineResponse, WantedFile
from syncagent.testing import messages as m

ME = ClientId("laptop")


# --- any node, any operation, there and back


def _named(data: bytes) -> Digest:
    return Digest(blake3(data).digest())


ids = st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True).filter(lambda text: text not in {"root", "park"}).map(NodeId)
names = st.sampled_from(["a", "report (1).docx", "Ünïcödé", "日本", "a b", ".hidden", "-", "名 前.txt"]).map(Name)
placements = st.builds(Placement, st.just(ROOT) | ids, names)
blocks = st.builds(Block, st.binary(min_size=1, max_size=4).map(_named), st.integers(1, MAX_BLOCK_BYTES))
times = st.integers(-(1 << 63), (1 << 63) - 1)


@st.composite
def nodes(draw: st.DrawFn) -> tuple[Node, Recipe]:
    node_id, at = draw(ids), draw(placements)
    match draw(st.sampled_from(Kind)):
        case Kind.DIR:
            return Dir(node_id, at), ()
        case Kind.LINK:
            return Link(node_id, at, draw(st.sampled_from(["../a", "/abs", "ü"]))), ()
        case Kind.FILE:
            recipe = tuple(draw(st.lists(blocks, max_size=4)))
            digest = EMPTY if not recipe else recipe[0].digest if len(recipe) == 1 else _named(b"whole")
            content = Content(digest, sum(block.size for block in recipe))
            return File(node_id, at, content, draw(st.booleans()), draw(times)), recipe


def _over_the_wire(wire: FileChange) -> FileChange:
    return FileChange.model_validate_json(wire.model_dump_json(exclude_defaults=True))


@given(nodes(), st.sampled_from(Operation))
def test_an_entry_comes_out_as_it_went_in(pair: tuple[Node, Recipe], operation: Operation) -> None:
    node, recipe = pair
    gone = operation is Operation.DELETE
    entry = Entry(
        seq=Seq(9),
        rev=Rev(3),
        operation=operation,
        author=ME,
        node_id=node.id,
        node=None if gone else node,
        recipe=() if gone else recipe,
        path=RelPath(f"some/{node.at.name}"),
        old_path=RelPath("some/other") if operation is Operation.MOVE else RelPath(""),
    )
    assert entry_from_wire(_over_the_wire(entry_to_wire(entry, "now"))) == entry


@given(nodes(), st.sampled_from(Operation))
def test_a_change_comes_out_with_all_that_its_operation_needs(pair: tuple[Node, Recipe], operation: Operation) -> None:
    node, recipe = pair
    path = RelPath(f"some/{node.at.name}")
    change = change_of(operation, node, change_id=ChangeId("c:1"), base_rev=Rev(4), recipe=recipe, path=path)
    wire = _over_the_wire(change_to_wire(change, ME))
    if operation is Operation.UPDATE and isinstance(node, Dir):
        with pytest.raises(BadMessage):
            change_from_wire(wire)
        return
    found = change_from_wire(wire)
    if operation in {Operation.CREATE, Operation.UPDATE}:
        assert found == change
    else:
        assert (found.parent, found.name, found.kind, found.base_rev) == (node.at.parent, node.at.name, change.kind, 4)
        assert (found.content, found.recipe, found.target) == (None, (), "")


@given(st.text(max_size=30), st.sampled_from(["", "a/", "ü/"]))
def test_the_quick_look_at_a_path_agrees_with_the_slow_one(text: str, before: str) -> None:
    try:
        expected: str | None = "/".join(check_path(before + text))
    except BadName:
        expected = None
    wire = m.folder("x").model_copy(update={"file_path": before + text})
    if expected is None:
        with pytest.raises(BadName):
            change_from_wire(wire)
    else:
        assert change_from_wire(wire).path == expected


# --- what the hub refuses


PATHS = ["", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", ".", "a\\b", "C:x", "a\0", "a\n", "a/" + "x" * 256,
         ".syncagent", "a/.SyncAgent./b", "x/" * 2100 + "x", "\ud800"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=ascii)
def test_a_path_that_cannot_be_kept_is_a_bad_name(path: str) -> None:
    change, entry = m.folder("a").model_copy(update={"file_path": path}), m.folder("a", seq=1, rev=1)
    with pytest.raises(BadName):
        change_from_wire(change)
    with pytest.raises(BadName):
        entry_from_wire(entry.model_copy(update={"file_path": path}))
    with pytest.raises(BadName):
        notice_from_wire(FileChange(operation="delete", file_path=path, client_id="a"), ME)


def test_names_become_nfc() -> None:
    change = change_from_wire(m.folder("u\u0308/e\u0301"))
    assert (change.path, change.name) == ("\u00fc/\u00e9", "\u00e9")


BAD: dict[str, dict[str, Any]] = {
    "no kind": {"kind": ""},
    "no node id": {"node_id": ""},
    "the root": {"node_id": "root"},
    "the park": {"node_id": "park"},
    "a node id of other characters": {"node_id": "A_"},
    "a node id with a line break": {"node_id": "a\n"},
    "a node id too long": {"node_id": "a" * 65},
    "no change id": {"change_id": ""},
    "a change id of other characters": {"change_id": "a b"},
    "no parent": {"parent_id": ""},
    "the park as parent": {"parent_id": "park"},
    "a file without a digest": {"digest": ""},
    "an empty file with another digest": {"size": 0},
    "a full file with the digest of nothing": {"digest": EMPTY.hex()},
    "a file too long for one block": {"size": MAX_BLOCK_BYTES + 1},
    "blocks that do not add up": {"size": 5, "blocks": (("1" * 64, 2), ("2" * 64, 2))},
    "an empty block": {"size": 5, "blocks": (("1" * 64, 5), ("2" * 64, 0))},
    "a block too long": {"size": MAX_BLOCK_BYTES + 2, "blocks": (("1" * 64, MAX_BLOCK_BYTES + 1), ("2" * 64, 1))},
    "one block that is not the file": {"size": 5, "blocks": (("1" * 64, 5),)},
    "a link without a target": {"kind": "symlink"},
    "a link with a NUL": {"kind": "symlink", "target": "a\0b"},
    "a link too long": {"kind": "symlink", "target": "a" * 4097},
    "an update of a folder": {"kind": "directory", "operation": "update"},
}


@pytest.mark.parametrize("name", BAD)
def test_a_change_that_does_not_hold_together_is_a_bad_message(name: str) -> None:
    wire = m.file("a.txt", b"alpha").model_copy(update=BAD[name])
    with pytest.raises(BadMessage) as caught:
        change_from_wire(wire)
    assert caught.value.code == "invalid_message"


@pytest.mark.parametrize("missing", ["seq", "rev"])
def test_an_entry_has_a_number_and_a_revision(missing: str) -> None:
    wire = m.folder("a", seq=1, rev=1).model_copy(update={missing: 0})
    with pytest.raises(BadMessage):
        entry_from_wire(wire)


def test_one_bad_change_of_a_batch_is_refused_alone() -> None:
    good, path, empty = m.folder("a"), m.folder(".syncagent"), m.file("b", b"b", digest="")
    first, second, third = submitted(FileChanges(client_id=ME, changes=(good, path, empty)))
    assert isinstance(first, Change)
    assert isinstance(second, Verdict)
    assert isinstance(third, Verdict)
    assert (second.change_id, second.ruling, second.error_code) == (path.change_id, Ruling.REJECTED, "invalid_path")
    assert (third.node_id, third.ruling, third.error_code) == (empty.node_id, Ruling.REJECTED, "invalid_message")


def test_a_change_that_cannot_be_answered_spoils_the_message() -> None:
    with pytest.raises(BadMessage):
        submitted(m.folder("a", change_id=""))


def test_a_persons_yes_is_said_once_for_all_that_goes_together() -> None:
    one, two = m.delete("a"), m.delete("b")
    alone, batch = batch_to_wire((one,), ME, confirmed=True), batch_to_wire((one, two), ME, confirmed=True)
    assert alone == one.model_copy(update={"confirmed": True})
    assert batch == FileChanges(client_id=ME, changes=(one, two), confirmed=True)
    assert not batch_to_wire((one,), ME, confirmed=False).confirmed
    assert not batch_to_wire((one, two), ME, confirmed=False).confirmed


def test_a_file_that_was_lost_is_named_with_all_its_blocks() -> None:
    for data in (b"small", None):
        wire = (
            m.file("a", data) if data else m.file("a", size=7, digest="1" * 64, blocks=(("2" * 64, 3), ("3" * 64, 4)))
        )
        change = change_from_wire(wire)
        assert change.content is not None
        lost = wanted_to_wire(change.node_id, change.content, change.recipe)
        assert wanted_from_wire(lost) == (change.node_id, change.content, change.recipe)
    with pytest.raises(BadMessage, match="add up"):
        wanted_from_wire(WantedFile(node_id="n", digest="1" * 64, size=9, blocks=(("2" * 64, 3), ("3" * 64, 4))))


def test_one_change_is_a_batch_of_one() -> None:
    one = m.folder("a")
    assert changes_of(one) == changes_of(FileChanges(client_id=ME, changes=(one,))) == (one,)


def test_a_file_of_one_block_is_its_own_recipe_and_an_empty_one_has_none() -> None:
    assert change_from_wire(m.file("a", b"alpha")).recipe == (Block(_named(b"alpha"), 5),)
    assert change_from_wire(m.file("a", b"")).recipe == ()


# --- level 1


def test_a_notice_is_told_with_its_true_author_and_nothing_more() -> None:
    wire = FileChange(operation="update", file_path="u\u0308", client_id="someone else", size=5, server_time="x")
    assert notice_from_wire(wire, ME).model_dump(exclude_defaults=True) == {
        "operation": "update",
        "file_path": "\u00fc",
        "client_id": ME,
    }


def test_a_moved_notice_says_from_where() -> None:
    wire = FileChange(operation="move", file_path="b", client_id=ME, old_path="a")
    assert notice_from_wire(wire, ME) == wire
    with pytest.raises(BadMessage):
        notice_from_wire(wire.model_copy(update={"old_path": ""}), ME)
    with pytest.raises(BadName):
        notice_from_wire(wire.model_copy(update={"old_path": "../a"}), ME)


@pytest.mark.parametrize("operation", list(Operation))
def test_level_1_is_told_an_entry_in_the_seeds_fields(operation: Operation) -> None:
    entry = Entry(Seq(1), Rev(1), operation, ME, NodeId("n"), None, path=RelPath("b"), old_path=RelPath("a"))
    more = {"old_path": "a"} if operation is Operation.MOVE else {}
    expected = {"operation": operation.value, "file_path": "b", "client_id": ME} | more
    assert notice_to_wire(entry).model_dump(exclude_defaults=True) == expected


# --- verdicts


@pytest.mark.parametrize("ruling", list(Ruling))
def test_a_verdict_comes_out_as_it_went_in(ruling: Ruling) -> None:
    verdict = Verdict(ChangeId("c"), NodeId("n"), ruling, Seq(3), Rev(2), "conflict", "text", (EMPTY,))
    assert verdict_from_wire(verdict_to_wire(verdict)) == verdict


def test_digests_are_written_in_hexadecimal() -> None:
    assert digests_to_wire([EMPTY]) == (blake3(b"").hexdigest(),)
    assert digests_from_wire(digests_to_wire([EMPTY])) == (EMPTY,)


def test_a_file_has_no_more_blocks_than_its_entry_can_carry() -> None:
    """The longest paths and sizes, and what the hub adds: else no one could hear of it."""
    digest = "ab" * 32

    def wire(number: int) -> FileChange:
        return FileChange(
            operation="create", file_path='"' * 255, client_id="a", change_id="c", node_id="n", parent_id="root",
            kind="file", digest=digest, blocks=((digest, 1_048_534),) * number, size=1_048_534 * number,
        )  # fmt: skip

    with pytest.raises(BadMessage) as refused:
        change_from_wire(wire(MAX_BLOCKS + 1))
    assert refused.value.code == "message_too_large"
    kept = change_from_wire(wire(MAX_BLOCKS))
    longest = RelPath('"' * 4096)
    entry = Entry(
        Seq(1 << 62), Rev(1 << 62), Operation.MOVE, ClientId("x" * 256), kept.node_id, node_of(kept), kept.recipe,
        longest, longest,
    )  # fmt: skip
    text = encode_body(entry_to_wire(entry, "2026-11-22T23:18:00+00:00"), client_id="server", timestamp="x" * 256)
    assert len(text.encode()) < DEFAULT_LIMITS.text_bytes


_PARTS = st.one_of(
    st.builds(Kept, st.integers(0, 1 << 40), st.integers(0, 1 << 40)),
    st.builds(Block, st.binary(min_size=32, max_size=32).map(Digest), st.integers(0, MAX_BLOCK_BYTES)),
)


@given(st.lists(_PARTS, max_size=20).map(tuple), st.integers(0, 1 << 40))
def test_an_outline_is_understood_as_it_was_meant(parts: Splice, at: int) -> None:
    said = OutlineRequest(node_id="n", base_rev=3, at=at, parts=splice_to_wire(parts))
    text = encode_body(said, client_id="c", timestamp="t")
    heard = body_from_client(decode(text))
    assert isinstance(heard, OutlineRequest)
    assert heard == said
    assert splice_from_wire(heard.parts) == parts
    told = OutlineResponse(node_id="n", base_rev=3, at=at, parts=heard.parts)
    assert body_from_hub(decode(encode_body(told, client_id="server", timestamp="t"))) == told
