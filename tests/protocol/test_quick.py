"""The quick way agrees with the long one: what it reads, and what it writes."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncagent.errors import BadMessage, BadName
from syncagent.model.changes import Change, Entry, Operation, Ruling, Verdict, change_of
from syncagent.model.facts import Kind
from syncagent.model.ids import PARK, ROOT, ChangeId, ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Block, Content, Dir, File, Link, Node, Placement, Recipe
from syncagent.protocol import convert, quick
from syncagent.protocol.changes import FileChange, FileChanges
from syncagent.protocol.codec import body_from_client, body_from_hub, decode
from syncagent.protocol.connection import DEFAULT_LIMITS
from syncagent.protocol.sync import ChangesResponse, VerdictsResponse
from syncagent.testing import messages as m

AUTHOR = ClientId(m.LAPTOP)
MOST = DEFAULT_LIMITS.batch_changes

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
names = st.sampled_from(["a", "b.txt", "Größe", "with space", "日本", 'quo"te', "e\u0301", "tab\tname", "x" * 200])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
node_ids = st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True).map(NodeId)
change_ids = st.from_regex(r"[A-Za-z0-9_.:-]{1,128}", fullmatch=True).map(ChangeId)
digests = st.binary(min_size=32, max_size=32).map(Digest)
counts = st.integers(0, 5) | st.integers(0, (1 << 63) - 1)


@st.composite
def contents(draw: st.DrawFn) -> tuple[Content, Recipe]:
    recipe = tuple(draw(st.lists(st.builds(Block, digests, st.integers(1, 70_000)), max_size=3)))
    if not recipe:
        return Content(convert.EMPTY, 0), ()
    whole = recipe[0].digest if len(recipe) == 1 else draw(digests)
    return Content(whole, sum(block.size for block in recipe)), recipe


@st.composite
def nodes(draw: st.DrawFn) -> tuple[Node, Recipe]:
    node_id, at = draw(node_ids), Placement(draw(node_ids | st.just(ROOT)), Name(draw(names)))
    match draw(st.sampled_from(Kind)):
        case Kind.DIR:
            return Dir(node_id, at), ()
        case Kind.LINK:
            return Link(node_id, at, draw(texts)), ()
        case Kind.FILE:
            content, recipe = draw(contents())
            mtime_ns = draw(st.integers(-(1 << 63), (1 << 63) - 1) | st.just(0))
            return File(node_id, at, content, draw(st.booleans()), mtime_ns), recipe


@st.composite
def changes(draw: st.DrawFn) -> Change:
    node, recipe = draw(nodes())
    operation = draw(st.sampled_from(Operation))
    old_path = RelPath(draw(paths)) if operation is Operation.MOVE else RelPath("")
    change = change_of(
        operation, node, change_id=draw(change_ids), base_rev=Rev(draw(counts)), recipe=recipe,
        path=RelPath(draw(paths)), old_path=old_path,
    )  # fmt: skip
    if operation is Operation.DELETE and change.kind is Kind.DIR and (beneath := draw(counts)):
        return replace(change, beneath=beneath, as_of=Seq(draw(counts)))
    return change


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    node, recipe = draw(nodes())
    operation = draw(st.sampled_from(Operation))
    old_path = RelPath(draw(paths)) if operation is Operation.MOVE else RelPath("")
    gone = operation is Operation.DELETE
    seq = 1 + draw(st.integers(0, 9))
    return Entry(
        Seq(seq), Rev(1 + draw(st.integers(0, 9))), operation, ClientId(draw(texts)), node.id,
        None if gone else node, () if gone else recipe, RelPath(draw(paths)), old_path,
        draw(st.integers(0, seq - 1)) if gone else 0,
    )  # fmt: skip


verdicts = st.builds(
    Verdict, change_ids, node_ids, st.sampled_from(Ruling), counts.map(Seq), counts.map(Rev),
    st.just("") | texts, st.just("") | texts, st.just(()) | st.lists(digests, max_size=2).map(tuple),
    st.just(0) | counts,
)  # fmt: skip


# --- what is written --------------------------------------------------------------------------------------------


@given(changes(), texts)
def test_a_change_is_written_as_its_model_writes_it(change: Change, author: str) -> None:
    model = convert.change_to_wire(change, ClientId(author)).model_dump_json(exclude_defaults=True)
    assert quick.write_change(change, quick.quoted(author)) == model


@given(entries(), texts)
def test_an_entry_is_written_as_its_model_writes_it(entry: Entry, time: str) -> None:
    model = convert.entry_to_wire(entry, time).model_dump_json(exclude_defaults=True)
    assert quick.write_entry(entry, quick.quoted(entry.author), quick.quoted(time)) == model


@given(verdicts)
def test_a_verdict_is_written_as_its_model_writes_it(verdict: Verdict) -> None:
    assert quick.write_verdict(verdict) == convert.verdict_to_wire(verdict).model_dump_json(exclude_defaults=True)


# --- what is read -----------------------------------------------------------------------------------------------


def _long_way_in(data: dict[str, Any]) -> tuple[Change | Verdict, ...] | None:
    """What the models and ``convert`` make of a submission; None where they find fault with the message itself."""
    message = decode(json.dumps({"type": "file_changed", "data": data, "client_id": AUTHOR, "timestamp": m.TIME}))
    try:
        body = body_from_client(message)
        assert isinstance(body, (FileChange, FileChanges))
        if any(one.client_id != AUTHOR for one in (*convert.changes_of(body), body)):
            return None
        return convert.submitted(body)
    except BadMessage:
        return None


def _long_way_out(items: list[Any]) -> tuple[Entry, ...] | None:
    try:
        message = decode(m.from_hub(ChangesResponse()))
        body = body_from_hub(message.model_copy(update={"data": message.data | {"changes": items}}))
        assert isinstance(body, ChangesResponse)
        return tuple(convert.entry_from_wire(one) for one in body.changes if not one.is_notice)
    except (BadMessage, BadName):
        return None


def _long_way_of_verdicts(items: list[Any]) -> tuple[Verdict, ...] | None:
    try:
        message = decode(m.from_hub(VerdictsResponse()))
        body = body_from_hub(message.model_copy(update={"data": message.data | {"verdicts": items}}))
        assert isinstance(body, VerdictsResponse)
        return tuple(map(convert.verdict_from_wire, body.verdicts))
    except BadMessage:
        return None


def _submission(listed: list[Change]) -> dict[str, Any]:
    return {
        "client_id": AUTHOR,
        "changes": [json.loads(quick.write_change(one, quick.quoted(AUTHOR))) for one in listed],
    }


@given(st.lists(changes(), max_size=3))
def test_changes_are_read_as_on_the_long_way(listed: list[Change]) -> None:
    data = _submission(listed)
    found = quick.read_changes(data, AUTHOR, MOST)
    assert found is None or found == _long_way_in(data)
    for item in data["changes"]:
        alone = quick.read_changes(item, AUTHOR, MOST)
        assert alone is None or alone == _long_way_in(item)


@given(st.lists(entries(), max_size=3))
def test_entries_are_read_as_on_the_long_way(listed: list[Entry]) -> None:
    items = [json.loads(quick.write_entry(one, quick.quoted(one.author), '"now"')) for one in listed]
    found = quick.read_entries(items)
    assert found is None or found == _long_way_out(items)


@given(st.lists(verdicts, max_size=3))
def test_verdicts_are_read_as_on_the_long_way(listed: list[Verdict]) -> None:
    items = [json.loads(quick.write_verdict(one)) for one in listed]
    found = quick.read_verdicts(items)
    assert found is None or found == _long_way_of_verdicts(items)


_ODD: list[Any] = [
    None, True, False, 0, 1, -1, 1.0, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, "", "a", ROOT, PARK, "A", "a b", "a\n",
    "ä", "x" * 257, "file", "directory", "symlink", "create", "update", "delete", "move", "committed", "needs_blocks",
    "rejected", "../a", "/a", "a//b", "a/" + "b" * 256, "ab" * 32, "AB" * 32, "ab" * 31, "ab" * 32 + "\n",
    convert.EMPTY.hex(), [], {}, [[]], [["ab" * 32, 1]], [["ab" * 32, 1], ["cd" * 32, 2]], [["ab" * 32, True]],
    [["ab" * 32, 1, 2]], [["ab" * 32, 2**21], ["cd" * 32, 2]], ["ab"], [["AB" * 32, 1], ["cd" * 32, 2]], {"a": 1},
    m.LAPTOP, m.DESKTOP,
]  # fmt: skip
_FIELDS = [*FileChange.model_fields, "status", "error_code", "message", "missing", "unknown"]


def _meddle(data: st.DataObject, item: dict[str, Any]) -> dict[str, Any]:
    """``item`` with up to three fields put in, replaced or taken out."""
    item = copy.deepcopy(item)
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from([*item, *_FIELDS]))
        if data.draw(st.integers(0, 3)):
            item[name] = data.draw(st.sampled_from(_ODD))
        else:
            item.pop(name, None)
    return item


_BLOCKS = (("22" * 32, 3), ("33" * 32, 4))
_SENT = [
    m.file("a.txt", b"alpha", mtime_ns=17),
    m.file("docs/large", size=7, digest="11" * 32, blocks=_BLOCKS, executable=True),
    m.file("empty"),
    m.folder("docs"),
    m.link("now", "docs"),
    m.update("a.txt", b"beta"),
    m.move("a.txt", "docs/b.txt", parent_id=m.node_id("docs")),
    m.delete("a.txt"),
]


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_a_change_that_was_meddled_with_is_never_read_otherwise(data: st.DataObject) -> None:
    item = _meddle(data, json.loads(data.draw(st.sampled_from(_SENT)).model_dump_json(exclude_defaults=True)))
    for message in (item, {"client_id": AUTHOR, "changes": [item]}):
        found = quick.read_changes(message, AUTHOR, MOST)
        assert found is None or found == _long_way_in(message)


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_an_entry_that_was_meddled_with_is_never_read_otherwise(data: st.DataObject) -> None:
    sent = data.draw(st.sampled_from(_SENT)).model_copy(update={"seq": 3, "rev": 2, "change_id": "", "base_rev": 0})
    item = _meddle(data, json.loads(sent.model_dump_json(exclude_defaults=True)))
    found = quick.read_entries([item])
    assert found is None or found == _long_way_out([item])


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_verdict_that_was_meddled_with_is_never_read_otherwise(data: st.DataObject) -> None:
    sent = data.draw(st.sampled_from([m.committed(_SENT[0], 3), m.rejected(_SENT[0])]))
    item = _meddle(data, json.loads(sent.model_dump_json(exclude_defaults=True)))
    found = quick.read_verdicts([item])
    assert found is None or found == _long_way_of_verdicts([item])


@pytest.mark.parametrize("place", [None, "file_changed", "batch"])
def test_a_batch_that_is_none_goes_the_long_way(place: str | None) -> None:
    assert quick.read_changes({"client_id": AUTHOR, "changes": place or {}}, AUTHOR, MOST) is None
    assert quick.read_entries(place) is None
    assert quick.read_verdicts(place) is None


def test_more_changes_than_were_agreed_go_the_long_way() -> None:
    data = _submission([_plain(), _plain()])
    assert quick.read_changes(data, AUTHOR, 1) is None


def test_another_author_goes_the_long_way() -> None:
    data = _submission([_plain()])
    assert quick.read_changes(data, ClientId(m.DESKTOP), MOST) is None
    data["client_id"] = m.DESKTOP
    assert quick.read_changes(data, AUTHOR, MOST) is None


def _plain() -> Change:
    file = File(NodeId("n1"), Placement(ROOT, Name("a")), Content(Digest(bytes(32)), 3), False, 17)
    recipe = (Block(file.content.digest, 3),)
    return change_of(
        Operation.CREATE, file, change_id=ChangeId("c1"), base_rev=Rev(0), recipe=recipe, path=RelPath("docs/a")
    )


@pytest.mark.parametrize("name", ["a", "Größe", "日本"])
def test_what_there_are_masses_of_goes_the_quick_way(name: str) -> None:
    file = File(NodeId("n1"), Placement(NodeId("n2"), Name(name)), Content(Digest(bytes(32)), 3), False, 17)
    recipe = (Block(file.content.digest, 3),)
    path = RelPath(f"docs/{name}")
    for operation in (Operation.CREATE, Operation.UPDATE, Operation.MOVE, Operation.DELETE):
        change = change_of(operation, file, change_id=ChangeId("c1"), base_rev=Rev(1), recipe=recipe, path=path)
        assert quick.read_changes(_submission([change]), AUTHOR, MOST) is not None
        gone = operation is Operation.DELETE
        entry = Entry(Seq(1), Rev(1), operation, AUTHOR, file.id, None if gone else file, () if gone else recipe, path)
        assert quick.read_entries([json.loads(quick.write_entry(entry, '"me"', '"now"'))]) == (
            Entry(Seq(1), Rev(1), operation, ClientId("me"), file.id, entry.node, entry.recipe, path),
        )
    committed = Verdict(ChangeId("c1"), file.id, Ruling.COMMITTED, Seq(1), Rev(1))
    assert quick.read_verdicts([json.loads(quick.write_verdict(committed))]) == (committed,)
