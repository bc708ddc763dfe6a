"""The book that both sides keep of recipes that were said."""

from __future__ import annotations

from syncagent.model.ids import Digest, NodeId, Rev
from syncagent.model.nodes import Block, Recipe
from syncagent.model.splices import LEAST
from syncagent.protocol.familiar import CLIENT_BLOCKS, HUB_BLOCKS, Familiar

A, B, C = NodeId("a"), NodeId("b"), NodeId("c")


def recipe(count: int = LEAST, tag: int = 0) -> Recipe:
    return tuple(Block(Digest(bytes([tag]) + number.to_bytes(31, "big")), 1) for number in range(count))


def test_a_recipe_is_known_at_the_revision_that_it_was_said_with() -> None:
    book = Familiar(1000)
    book.tell(A, Rev(3), recipe())
    assert book.at(A, Rev(3)) == recipe()
    assert book.at(A, Rev(2)) is None
    assert book.at(B, Rev(3)) is None
    book.tell(A, Rev(4), recipe(tag=1))
    assert (book.at(A, Rev(3)), book.at(A, Rev(4))) == (None, recipe(tag=1))


def test_one_that_is_short_makes_what_was_known_before_be_forgotten() -> None:
    book = Familiar(1000)
    book.tell(A, Rev(1), recipe())
    book.tell(A, Rev(2), recipe(LEAST - 1))
    assert (book.at(A, Rev(1)), book.at(A, Rev(2))) == (None, None)
    assert book.digests() == set()


def test_what_moves_keeps_its_recipe_if_that_is_known() -> None:
    book = Familiar(1000)
    book.tell(A, Rev(1), recipe())
    book.move(A, Rev(1), Rev(2))
    book.move(B, Rev(1), Rev(2))
    assert (book.at(A, Rev(2)), book.at(B, Rev(2))) == (recipe(), None)
    book.move(A, Rev(1), Rev(3))
    assert book.at(A, Rev(3)) is None, "it was at another revision"


def test_the_oldest_are_forgotten_first() -> None:
    book = Familiar(2 * LEAST)
    for tag, node in enumerate((A, B, C)):
        book.tell(node, Rev(1), recipe(tag=tag))
    assert [book.at(node, Rev(1)) is not None for node in (A, B, C)] == [False, True, True]
    book.tell(A, Rev(1), recipe(2 * LEAST + 1))
    assert book.digests() == set()


def test_what_the_hub_has_in_its_book_a_client_has_in_its_own() -> None:
    hub, client = Familiar(HUB_BLOCKS // 100), Familiar(CLIENT_BLOCKS // 100)
    for number in range(200):
        node = NodeId(f"n{number * 7 % 23}")
        for book in (hub, client):
            book.tell(node, Rev(number), recipe(LEAST + number * 13 % 90, number % 250))
        for other in range(23):
            for rev in range(number + 1):
                known = hub.at(NodeId(f"n{other}"), Rev(rev))
                assert known is None or client.at(NodeId(f"n{other}"), Rev(rev)) == known
