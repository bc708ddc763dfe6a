"""What a walk says that is known, and is let go of; and what is not."""

from __future__ import annotations

from syncagent.model.facts import DirSeen, Fact, FileSeen, LinkSeen, Listed
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from syncagent.trees.canopy import Canopy
from syncagent.trees.steady import Steady
from tests.trees.test_identify import Watch


def known() -> Watch:
    watch = Watch().files("a", "d/", "d/x", "d/y", "d/e/", "d/e/z", "e\u0301")
    watch.user.symlink("a", "l")
    return watch.scan()


def news(watch: Watch, *missing: NodeId) -> list[Fact]:
    steady = Steady(watch.canopy, dict.fromkeys(missing))
    return [fact for batch in watch.scanner.walk() for fact in steady.news(batch)]


def paths(facts: list[Fact]) -> set[tuple[str, str]]:
    return {(type(fact).__name__, str(fact.path)) for fact in facts}


def test_a_walk_through_what_is_known_says_nothing_new() -> None:
    watch = known()
    assert len([fact for batch in watch.scanner.walk() for fact in batch]) == 11
    assert news(watch) == []


def test_what_has_changed_is_news_and_nothing_else() -> None:
    watch = known()
    watch.user.write("d/x", b"other")
    assert paths(news(watch)) == {("FileSeen", "d/x")}


def test_who_is_missing_makes_its_folder_news() -> None:
    watch = known()
    watch.user.delete("d/y")
    assert paths(news(watch)) == {("Listed", "d")}


def test_what_is_new_is_news() -> None:
    watch = known()
    watch.user.write("d/n", b"new")
    watch.user.symlink("n", "d/m")
    assert paths(news(watch)) == {("FileSeen", "d/n"), ("LinkSeen", "d/m")}


def test_in_a_folder_that_is_another_one_all_is_news() -> None:
    watch = known()
    watch.user.move("d", "old")
    watch.user.mkdir("d")
    watch.user.move("old/e", "d/e")
    assert paths(news(watch)) >= {
        ("DirSeen", "d"), ("Listed", "d"), ("DirSeen", "d/e"), ("Listed", "d/e"), ("FileSeen", "d/e/z"),
        ("DirSeen", "old"), ("FileSeen", "old/x"), ("Listed", ""),
    } - {("Listed", "")}  # fmt: skip


def test_of_whom_is_looked_for_every_fact_is_wanted() -> None:
    watch = known()
    assert paths(news(watch, watch.named("d/x"))) == {("FileSeen", "d/x")}
    assert {("DirSeen", "d"), ("FileSeen", "d/x"), ("FileSeen", "d/e/z")} <= paths(news(watch, watch.named("d")))


def test_another_kind_at_the_same_name_is_news() -> None:
    watch = known()
    watch.user.delete("a")
    watch.user.symlink("d", "a")
    assert paths(news(watch)) == {("LinkSeen", "a")}


def test_trouble_is_always_news_and_so_is_what_was_read() -> None:
    watch = known()
    facts = watch.scanner.look([])
    assert facts == []
    everything = [fact for batch in watch.scanner.walk() for fact in batch]
    assert {type(fact) for fact in everything} == {FileSeen, DirSeen, LinkSeen, Listed}
    watch.user.special("p")
    assert paths(news(watch)) == {("NotKept", "p")}
    assert RelPath("p") not in {fact.path for fact in everything}


def test_files_at_rest_are_known_without_being_looked_at_one_by_one() -> None:
    watch = Watch().files("a", "d/", "d/x", "d/y").scan().at_hub()
    watch.canopy = Canopy.load([watch.canopy.row(one) for one in watch.canopy.synced.ids()])
    assert watch.canopy.is_plain
    assert len(watch.canopy.synced.pressed) == 3
    assert news(watch) == []
    watch.user.write("d/x", b"other")
    watch.user.delete("d/y")
    assert paths(news(watch)) == {("FileSeen", "d/x"), ("Listed", "d")}
    watch.user.write("d/n", b"new")
    assert ("FileSeen", "d/n") in paths(news(watch))


def test_facts_taken_without_what_is_known_come_to_the_same() -> None:
    one, other = known(), known()
    for watch in (one, other):
        watch.user.move("d/e", "e")
        watch.user.write("d/x", b"other")
        watch.user.delete("d/y")
        watch.user.write("n", b"new")
    one.scan()
    other.take(news(other))
    assert one.who() == other.who()
    assert list(one.seen.missing) == list(other.seen.missing)
