"""Hypothesis strategies for the words of the model: names, nodes, rows and deltas of all shapes."""

from __future__ import annotations

from hypothesis import strategies as st

from syncagent.errors import BadName
from syncagent.model.facts import UNSURE, Stamp
from syncagent.model.ids import PARK, ROOT, Digest, NodeId, Rev
from syncagent.model.names import Name, check_name
from syncagent.model.nodes import Block, Content, Dir, File, Link, Node, Placement, Recipe
from syncagent.trees.delta import Delta, Row


def is_name(text: str) -> bool:
    try:
        return check_name(text) == text
    except BadName:
        return False


names = st.one_of(
    st.sampled_from(["a", "b", "c", "A", "é", "a b.txt"]),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
).filter(is_name)
ids = st.sampled_from([f"{letter}{number}" for letter in "abcdef" for number in range(4)]).map(NodeId)
digests = st.one_of(st.integers(0, 5).map(lambda n: bytes([n]) * 32), st.binary(min_size=32, max_size=32)).map(Digest)
vacated = ids.map(lambda node_id: f"\0{node_id}")
"""The names of nodes that lost their place in the middle of a scan."""
placements = st.builds(Placement, st.one_of(st.sampled_from([ROOT, PARK]), ids), st.one_of(names, vacated).map(Name))
unread = st.just(Digest(b""))
contents = st.builds(Content, st.one_of(digests, digests, unread), st.integers(0, 2**50))
stamps = st.one_of(st.none(), st.just(UNSURE), st.binary(min_size=44, max_size=44).map(Stamp))
spellings = st.one_of(st.none(), st.text(max_size=5))


def nodes(node_id: NodeId) -> st.SearchStrategy[Node]:
    one = st.just(node_id)
    return st.one_of(
        st.builds(Dir, one, placements),
        st.builds(File, one, placements, contents, st.booleans(), st.integers(-(2**62), 2**62)),
        st.builds(Link, one, placements, st.text(min_size=1, max_size=20)),
    )


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """A row in which something is known; its trees agree as often as not."""
    node_id = draw(ids)
    some = draw(nodes(node_id))
    base, local, remote = (draw(st.one_of(st.just(some), st.none(), nodes(node_id))) for _ in range(3))
    if base is local is remote is None:
        base = local = remote = some
    known = local is not None
    stamp, spelling = (draw(stamps) if known else None), (draw(spellings) if known else None)
    return Row(node_id, base, local, remote, Rev(draw(st.integers(0, 3))), stamp, spelling)


recipes = st.lists(st.builds(Block, digests, st.integers(1, 2**20)), min_size=2, max_size=5).map(tuple[Block, ...])


@st.composite
def deltas(draw: st.DrawFn) -> Delta:
    """A delta of a few rows, each id once."""
    changed = {row.id: row for row in draw(st.lists(rows(), max_size=6))}
    gone = [node_id for node_id in draw(st.lists(ids, max_size=2, unique=True)) if node_id not in changed]
    facts = draw(
        st.dictionaries(st.sampled_from(["cursor", "epoch", "hub"]), st.text(st.characters(codec="utf-8")), max_size=2)
    )
    named = sorted(
        {n.content.digest for row in changed.values() for n in (row.local, row.remote) if isinstance(n, File)}
    )
    kept: dict[Digest, Recipe] = {digest: draw(recipes) for digest in named if draw(st.booleans())}
    return Delta(tuple(changed.values()), tuple(gone), facts, kept)
