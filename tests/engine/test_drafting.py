"""What the hub says a change would make of a file is made in the stage, and nothing follows from it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.downloads import SPARE_SECONDS
from syncagent.engine.drafting import MOST
from syncagent.localfs.ignore import STAGE
from syncagent.model.acts import Limits
from syncagent.model.changes import Draft, Operation
from syncagent.model.facts import Stamp
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import File
from tests.support.solo import Solo, content_of, file, folder

NEW = b"new content"


def ahead(solo: Solo, node: File, data: bytes = NEW) -> Solo:
    """The bytes of ``node`` come, and the word of what it would be."""
    draft = Draft(node.id, content_of(data)[0], node.executable, node.mtime_ns)
    return solo.feed(ev.BlocksCame(((draft.content.digest, data),), drafts=(draft,)))


def edited(solo: Solo, name: str = "a", data: bytes = NEW) -> File:
    """The file ``name``, as others would make it."""
    before = solo.engine.canopy.remote.get(solo.id_of(name))
    assert isinstance(before, File)
    return replace(before, content=content_of(data)[0], mtime_ns=1_700_000_000_000_000_000)


def staged(solo: Solo) -> dict[str, int]:
    """What lies in the stage, and which file it is."""
    return {name: seen.inode for name, seen in solo.disk.list(STAGE) if not isinstance(seen, OSError)}


def inode(solo: Solo, path: str) -> int:
    return solo.disk.stat(RelPath(path)).inode


def test_a_small_edit_is_made_before_its_entry_comes_and_put_in_place_by_it() -> None:
    solo = Solo().synced(a=b"1", b=b"1")
    node = edited(solo)
    ahead(solo, node)
    [made] = staged(solo).values()
    assert solo.tree() == {"a": b"1", "b": b"1"}
    assert solo.status.in_sync, "nothing is known of it yet"
    solo.hear(solo.entry(node, Operation.UPDATE))
    assert solo.user.read("a") == NEW
    assert inode(solo, "a") == made
    assert staged(solo) == {}
    assert solo.status.in_sync


def test_a_new_file_is_made_in_advance_too() -> None:
    solo = Solo().synced(a=b"1")
    node = file("n", "new", NEW)
    ahead(solo, node)
    [made] = staged(solo).values()
    solo.hear(solo.entry(node))
    assert inode(solo, "new") == made
    assert staged(solo) == {}


def test_the_word_alone_commits_nothing_plans_nothing_and_tells_nothing() -> None:
    solo = Solo().synced(a=b"1")
    draft = Draft(solo.id_of("a"), content_of(NEW)[0], False, 7)
    policy = solo.engine._planning.policy
    solo.engine._planning = SimpleNamespace(policy=policy)  # type: ignore[assignment]  # it is asked nothing else
    stamp = solo.disk.stat(RelPath("a")).stamp
    event = ev.BlocksCame(((draft.content.digest, NEW),), drafts=(draft,))
    effect, then = solo.engine.step(event, solo.now)
    assert then == ef.WakeAt(solo.now + SPARE_SECONDS)
    [wish] = effect.wishes if isinstance(effect, ef.MakeDrafts) else ()
    assert (wish.data, wish.mtime_ns, wish.executable, wish.like) == (NEW, 7, False, stamp)


def test_what_no_change_has_named_is_dropped_after_a_while() -> None:
    solo = Solo().synced(a=b"1")
    ahead(solo, edited(solo))
    assert len(staged(solo)) == 1
    solo.pass_time(SPARE_SECONDS - 0.1)
    assert len(staged(solo)) == 1
    solo.pass_time(0.2)
    assert staged(solo) == {}
    assert solo.tree() == {"a": b"1"}
    assert solo.status.in_sync


def test_what_another_change_has_overtaken_is_dropped_too() -> None:
    solo = Solo().synced(a=b"1")
    node = edited(solo)
    ahead(solo, node)
    other = edited(solo, data=b"what was before it")
    solo.hear(solo.entry(other, Operation.UPDATE))
    solo.give(b"what was before it")
    assert solo.user.read("a") == b"what was before it"
    solo.pass_time(SPARE_SECONDS + 1)
    assert staged(solo) == {}


@pytest.mark.hazard("B1", "N10")
def test_what_the_user_writes_meanwhile_is_kept_beside_the_hubs() -> None:
    solo = Solo().synced(a=b"1")
    node = edited(solo)
    ahead(solo, node)
    solo.user.write("a", b"the user's own")
    solo.hear(solo.entry(node, Operation.UPDATE)).hinted("a")
    solo.accept_all().give(NEW)
    assert sorted(filter(None, solo.tree().values())) == [NEW, b"the user's own"]
    solo.pass_time(SPARE_SECONDS + 1)
    assert staged(solo) == {}


@pytest.mark.parametrize(
    "why", [ev.Paused(True), ev.Restrained("it costs", 0), ev.Cramped("the disk is full"), ev.RootLost("gone")]
)
def test_nothing_is_made_while_nothing_is_to_be_written(why: ev.Event) -> None:
    solo = Solo().synced(a=b"1")
    node = edited(solo)
    solo.feed(why)
    ahead(solo, node)
    assert staged(solo) == {}


@pytest.mark.hazard("B5")
def test_what_was_made_for_a_task_that_met_something_else_goes_too() -> None:
    """Found by the simulation: it lay there until the next start."""
    solo = Solo().synced(a=b"1")
    node = edited(solo)
    ahead(solo, node)
    assert staged(solo)
    solo.user.write("a", NEW)  # the same, and nobody has told of it yet
    solo.hear(solo.entry(node, Operation.UPDATE)).pass_time(SPARE_SECONDS + 1)
    assert solo.tree() == {"a": NEW}
    assert solo.status.in_sync
    assert staged(solo) == {}


def test_nothing_is_made_while_tasks_are_under_way() -> None:
    solo = Solo().synced(a=b"1", b=b"1")
    node = edited(solo)
    solo.frozen = True
    solo.hear(solo.entry(solo.id_of("b"), Operation.DELETE))
    ahead(solo, node)
    assert [type(one) for one in solo.todo] == [ef.Run]


def test_nothing_is_made_of_what_is_left_out_here_or_changed_here_or_is_no_file_or_is_known() -> None:
    solo = Solo().synced(a=b"1", out=b"1", changed=b"1", doubtful=b"1")
    solo.hear(solo.entry(folder("d", "d")))
    out, changed = edited(solo, "out"), edited(solo, "changed")
    solo.feed(ev.Exclusion(1, RelPath("out"), exclude=True))
    solo.offline()
    solo.user.write("changed", b"here")
    solo.hinted("changed")
    nodes = [
        out,
        changed,
        replace(edited(solo, "a"), content=content_of(b"1")[0]),
        replace(edited(solo, "a"), id=NodeId("d")),
    ]
    doubtful = edited(solo, "doubtful")
    solo.engine.canopy.set_local(doubtful.id, solo.engine.canopy.local.get(doubtful.id), Stamp(b""))
    for node in (*nodes, doubtful):
        data = b"1" if node.content == content_of(b"1")[0] else NEW
        ahead(solo, node, data)
        assert staged(solo) == {}, node


def test_without_its_bytes_nothing_is_made() -> None:
    solo = Solo().synced(a=b"1")
    node = edited(solo)
    solo.feed(ev.BlocksCame((), drafts=(Draft(node.id, node.content, False, 7),)))
    assert staged(solo) == {}


@pytest.mark.hazard("N17")
def test_of_what_a_hub_says_without_end_only_some_is_made() -> None:
    solo = Solo().synced(a=b"1")
    datas = [b"%d" % number for number in range(100)]
    drafts = tuple(Draft(NodeId(f"n{one.decode()}"), content_of(one)[0], False, 7) for one in datas)
    solo.feed(ev.BlocksCame(tuple((content_of(one)[0].digest, one) for one in datas), drafts=drafts))
    assert 0 < len(staged(solo)) <= MOST
    for draft in drafts:
        solo.feed(ev.BlocksCame((), drafts=(draft,)))
        assert 0 < len(staged(solo)) <= MOST
    solo.pass_time(SPARE_SECONDS + 1)
    assert staged(solo) == {}


def test_what_a_person_is_asked_about_waits_as_always() -> None:
    solo = Solo(brake=Limits(files=1, share=0.0)).synced(a=b"1", b=b"1", c=b"1")
    nodes = [edited(solo, name) for name in "abc"]
    for node in nodes:
        ahead(solo, node)
    solo.hear(*[solo.entry(node, Operation.UPDATE) for node in nodes])
    assert solo.status.asked
    assert solo.tree() == {"a": b"1", "b": b"1", "c": b"1"}
