"""Renames, deletes, new files and saves between two looks: who is who, in every short chain of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from syncagent.content.digest import content_of
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import File
from tests.trees.test_identify import Watch

NAMES = ("a", "b", "c")
ACTS = [
    *(("move", one, other) for one, other in product(NAMES, NAMES) if one != other),
    *(("delete", name) for name in NAMES),
    *(("write", name) for name in NAMES),
    *(("replace", name) for name in NAMES),
]
CHAINS = {3: 1_175, 4: 11_424}
"""How many chains there are of at most so many acts, so that the enumeration cannot quietly shrink."""


def by_name(watch: Watch) -> dict[str, NodeId]:
    return {
        node.at.name: node.id
        for child in watch.canopy.local.children(ROOT)
        if (node := watch.canopy.local.get(child)) is not None
    }


@pytest.mark.hazard("A11", "D15")
def test_files_that_changed_places_are_known_again() -> None:
    watch = Watch().files("a", "b", "c", "d").at_hub()
    was = by_name(watch)
    for old, new in (("a", "t"), ("b", "a"), ("c", "b"), ("t", "c")):
        watch.user.move(old, new)
    watch.scan()
    assert by_name(watch) == {"a": was["b"], "b": was["c"], "c": was["a"], "d": was["d"]}
    assert not watch.seen.missing


@pytest.mark.hazard("A10")
def test_a_text_that_an_editor_moved_aside_over_an_older_one_leaves_the_document_what_it_is() -> None:
    watch = Watch().files("doc", "doc~").at_hub()
    was = by_name(watch)
    watch.user.move("doc", "doc~")
    watch.user.write("doc", b"new text")
    watch.scan()
    assert by_name(watch) == was


@pytest.mark.hazard("A9", "A11")
@pytest.mark.parametrize("longest", [3, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize("reuse", [False, True], ids=["new inodes", "inodes are used again"])
def test_whatever_happened_between_two_looks_nobody_is_taken_for_another(reuse: bool, longest: int) -> None:
    number = 0
    for chain in chains(longest):
        number += 1
        try:
            follows(chain, reuse)
        except Exception as error:
            raise AssertionError(f"{chain}: {error!r}") from error
    assert number == CHAINS[longest]


def chains(longest: int) -> Iterator[tuple[tuple[str, ...], ...]]:
    """All that can be done, one after the other, to ``a`` and ``b``."""
    growing: list[tuple[tuple[tuple[str, ...], ...], frozenset[str]]] = [((), frozenset("ab"))]
    for chain, there in growing:
        if chain:
            yield chain
        if len(chain) == longest:
            continue
        for act in ACTS:
            if act[0] in ("move", "delete", "replace") and act[1] not in there:
                continue
            then = there - {act[1]} if act[0] in ("move", "delete") else there | {act[1]}
            growing.append(((*chain, act), then | {act[2]} if act[0] == "move" else then))


def use_again(watch: Watch, first: int) -> None:
    """The next file gets the inode that was freed first."""
    held = {watch.disk.stat(RelPath(path)).inode for path in watch.user.tree()}
    watch.disk._inodes = next(number for number in range(first, first + 20) if number not in held) - 1


def follows(chain: tuple[tuple[str, ...], ...], reuse: bool) -> None:
    watch = Watch().files("a", "b").at_hub()
    first = watch.disk.stat(RelPath("a")).inode
    was = by_name(watch)
    stands = {"a": "a", "b": "b"}  # which of the first two stands at a name, with the very bytes that it had
    for count, act in enumerate(chain):
        text = f"text {count}".encode()
        if reuse:
            use_again(watch, first)
        match act:
            case ("move", old, new):
                watch.user.move(old, new)
                moved = stands.pop(old, None)
                stands.pop(new, None)
                if moved is not None:
                    stands[new] = moved
            case ("delete", name):
                watch.user.delete(name)
                stands.pop(name, None)
            case (_, name):
                watch.user.write(name, text, replace=act[0] == "replace")
                stands.pop(name, None)
    watch.scan()
    tree = {path: what for path, what in watch.user.tree().items() if isinstance(what, bytes)}
    now = {name: one for name, one in by_name(watch).items() if one not in watch.seen.missing}
    assert now.keys() == tree.keys()
    for name, node_id in now.items():
        node = watch.canopy.local.get(node_id)
        assert isinstance(node, File)
        assert node.content == content_of(tree[name])
    for old, node_id in was.items():
        at = [name for name, one in now.items() if one == node_id]
        assert len(at) + (node_id in watch.seen.missing) == 1
        # It is found where its bytes are, or where its name is; and for certain when it went and nothing came.
        if at and at[0] != old:
            assert stands.get(at[0]) == old
        if old not in tree and old in stands.values():
            assert at and stands.get(at[0]) == old
