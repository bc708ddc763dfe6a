"""What this machine has excluded: gone from this disk, and nowhere else."""

from __future__ import annotations

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.reactions import HIDDEN
from syncagent.engine.scoping import CLASH, UNSENT
from syncagent.model.acts import Limits
from syncagent.model.changes import Operation
from syncagent.model.names import RelPath
from tests.engine.test_scoping import done
from tests.support.solo import Solo, content_of, file, folder, large


def say(solo: Solo, path: str, *, exclude: bool = True) -> ef.Answered:
    solo.feed(ev.Exclusion(len(solo.answers) + 1, RelPath(path), exclude))
    return solo.answers[-1]


def photos(solo: Solo | None = None) -> Solo:
    solo = solo or Solo()
    solo.user.mkdir("photos")
    solo.user.mkdir("photos/2026")
    for name in ("a", "2026/b", "2026/c"):
        solo.user.write(f"photos/{name}", name.encode())
    return solo.synced(keep=b"1")


CONTENTS = (b"a", b"2026/b", b"2026/c", b"1")


@pytest.mark.hazard("E16", "N10")
def test_it_goes_from_this_disk_and_from_nowhere_else_and_comes_back_when_included() -> None:
    solo = photos(Solo(brake=Limits(1, 0.01, 1)))  # nobody is asked: a person has just said so
    before = solo.tree()
    assert say(solo, "photos") == ef.Answered(1, concerned=5)
    assert done(solo) == []
    assert solo.tree() == {"keep": b"1"}
    assert solo.status.in_sync and solo.status.excluded == ("photos",) and not solo.status.asked
    assert list(solo.engine.exclusions.told()) == [("photos", 3)]
    solo.offline()
    solo.start().online()
    assert done(solo) == [] and solo.tree() == {"keep": b"1"} and solo.status.in_sync
    assert say(solo, "photos", exclude=False).concerned == 5
    for _ in range(3):
        solo.give(*CONTENTS).pass_time(1.0)
    assert solo.tree() == before
    assert done(solo) == [] and solo.status.in_sync and solo.status.excluded == ()


@pytest.mark.hazard("E16")
def test_what_has_not_been_sent_stays_and_is_said_and_is_sent_when_included() -> None:
    solo = photos()
    solo.offline()
    solo.user.write("photos/a", b"edited")
    solo.user.write("photos/2026/new", b"new")
    solo.hinted("photos/a", "photos/2026/new")
    say(solo, "photos")
    solo.pass_time(1.0)
    assert solo.tree() == {
        "keep": b"1", "photos": None, "photos/a": b"edited", "photos/2026": None, "photos/2026/new": b"new",
    }  # fmt: skip
    assert dict(solo.status.skipped) == {"photos/a": UNSENT, "photos/2026/new": UNSENT}
    solo.online()
    assert done(solo) == [] and solo.status.in_sync
    say(solo, "photos", exclude=False)
    for _ in range(3):
        solo.give(*CONTENTS).pass_time(1.0)
        done(solo)
    tree = solo.tree()
    assert {b"edited", b"new", *CONTENTS} <= set(tree.values()), "both versions of what was edited are kept"
    assert solo.status.in_sync and solo.status.skipped == ()


@pytest.mark.hazard("E16")
def test_what_changes_in_the_moment_before_it_goes_stays() -> None:
    solo = photos()
    solo.user.write("photos/a", b"edited")  # not noticed yet
    say(solo, "photos")
    solo.hinted("photos/a")
    assert done(solo) == []
    assert solo.tree() == {"keep": b"1", "photos": None, "photos/a": b"edited"}
    assert dict(solo.status.skipped) == {"photos/a": UNSENT}


@pytest.mark.hazard("E16", "N10")
@pytest.mark.parametrize("word", ["stopped", "included"])
def test_to_be_stopped_when_it_is_half_gone_deletes_nothing_elsewhere(word: str) -> None:
    solo = photos()
    solo.frozen = True
    say(solo, "photos")
    [run] = [one for one in solo.todo if isinstance(one, ef.Run)]
    solo.applier.run(run.tasks)  # done, and not remembered
    solo.frozen = False
    if word == "included":
        solo.todo = [one for one in solo.todo if one is not run]
    solo.offline()
    solo.start()
    if word == "included":
        say(solo, "photos", exclude=False)
    solo.online()
    for _ in range(3):
        solo.give(*CONTENTS).pass_time(1.0)
        assert done(solo) == []
    assert solo.tree().get("photos/a") == (b"a" if word == "included" else None)
    assert solo.status.in_sync


def test_what_is_made_in_its_place_is_kept_said_and_not_sent_until_it_is_included() -> None:
    solo = photos()
    say(solo, "photos")
    done(solo)
    solo.user.mkdir("photos")
    solo.user.write("photos/mine", b"mine")
    solo.user.write("photos/a", b"other")
    solo.hinted("photos", "photos/mine", "photos/a")
    assert done(solo) == []
    assert dict(solo.status.skipped) == {"photos": CLASH}
    assert solo.status.in_sync
    say(solo, "photos", exclude=False)
    for _ in range(4):
        solo.give(*CONTENTS).pass_time(1.0)
        done(solo)
    tree = solo.tree()
    assert tree["photos/mine"] == b"mine" and tree["photos/a"] == b"a" and b"other" in tree.values()
    assert solo.status.in_sync and solo.status.skipped == ()


@pytest.mark.hazard("E16")
def test_what_others_do_there_stays_there_and_a_rename_takes_the_exclusion_along() -> None:
    solo = photos()
    one, inner = solo.id_of("photos"), solo.id_of("photos/a")
    say(solo, "photos")
    done(solo)
    solo.hear(solo.entry(file(inner, "a", b"edited", one), Operation.UPDATE), solo.entry(file("t1", "d", b"new", one)))
    solo.hear(solo.entry(folder(one, "pictures"), Operation.MOVE))
    solo.give(b"edited", b"new")
    assert done(solo) == []
    assert solo.tree() == {"keep": b"1"}
    assert solo.status.in_sync and solo.status.excluded == ("pictures",)
    solo.user.mkdir("photos")
    solo.hinted("photos")
    assert done(solo) == [("create", "photos")], "the old name is free"


@pytest.mark.hazard("E16")
def test_what_others_move_into_it_goes_from_here_if_it_is_as_they_have_it() -> None:
    solo = photos()
    one, keep = solo.id_of("photos"), solo.id_of("keep")
    say(solo, "photos")
    done(solo)
    solo.hear(solo.entry(file(keep, "keep", b"1", one), Operation.MOVE))
    assert done(solo) == []
    assert solo.tree() == {} and solo.status.in_sync
    say(solo, "photos", exclude=False)
    for _ in range(3):
        solo.give(*CONTENTS).pass_time(1.0)
    assert solo.tree()["photos/keep"] == b"1"


@pytest.mark.parametrize("when", ["paused", "offline", "before it is known"])
def test_it_is_remembered_whatever_is_possible_now(when: str) -> None:
    solo = photos() if when != "before it is known" else Solo().synced(keep=b"1")
    if when == "paused":
        solo.feed(ev.Paused(paused=True))
    elif when == "offline":
        solo.offline()
    assert say(solo, "photos").problem == ""
    assert [path for path, _ in solo.excluded] == ["photos"]
    assert solo.status.excluded == ("photos",)
    if when == "before it is known":
        solo.hear(solo.entry(folder("t1", "photos")), solo.entry(file("t2", "a", b"a", "t1")))
        solo.give(b"a")
    solo.feed(ev.Paused(paused=False)).pass_time(1.0)
    assert solo.tree() == {"keep": b"1"}


def test_what_cannot_be_is_said() -> None:
    solo = photos()
    assert say(solo, "photos", exclude=False).problem == "photos is not excluded"
    say(solo, "photos/2026")
    assert say(solo, "photos/2026").problem == "photos/2026 is excluded already"
    assert say(solo, "photos/2026/b").problem == "photos/2026/b is excluded already, with photos/2026"
    assert say(solo, "photos/2026/b", exclude=False).problem == "photos/2026/b lies in photos/2026, which is excluded"
    assert say(solo, "photos").problem == ""
    assert solo.status.excluded == ("photos",), "it holds what was excluded before"


def test_a_file_can_be_excluded_too() -> None:
    solo = photos()
    say(solo, "photos/a")
    assert done(solo) == []
    assert "photos/a" not in solo.tree() and "photos/2026/b" in solo.tree()
    assert solo.status.in_sync


@pytest.mark.hazard("E16", "N15")
@pytest.mark.hazard("N15")
@pytest.mark.parametrize("failed", [False, True])
def test_what_was_on_its_way_or_held_back_when_it_was_excluded_is_no_more(*, failed: bool) -> None:
    data = large("film", 3)
    content, recipe = content_of(data)
    solo = Solo().synced()
    solo.frozen = True
    solo.hear(solo.entry(file("f", "film", data), recipe=recipe))
    no_room = ev.StageOpened(content, frozenset(), "the disk of the folder is full", full=True)
    if failed:
        solo.feed(no_room)
        assert [path for path, _ in solo.status.held] == ["film"]
    say(solo, "film")
    if not failed:
        solo.feed(no_room)
    assert (solo.status.held, solo.status.downloading, solo.status.pending) == ((), 0, 0)
    solo.frozen = False
    solo.work()
    say(solo, "film", exclude=False)
    solo.give(data).pass_time(1.0)
    assert solo.tree() == {"film": data} and solo.status.in_sync


def test_a_folder_in_which_something_was_made_as_it_was_excluded_stays_with_that_and_all_is_at_rest() -> None:
    solo = photos()
    solo.user.write("photos/2026/new", b"new")  # nobody has told of it yet
    say(solo, "photos")
    assert done(solo) == []
    assert {path for path in solo.tree() if path.startswith("photos")} == {"photos", "photos/2026", "photos/2026/new"}
    assert solo.status.in_sync and not solo.status.held
    assert ("photos/2026/new", CLASH) in solo.status.skipped
    say(solo, "photos", exclude=False)
    assert ("create", "photos/2026/new") in done(solo)


@pytest.mark.hazard("E16", "N15")
def test_what_comes_from_others_and_finds_its_name_taken_by_what_is_excluded_says_so() -> None:
    solo = Solo().synced(old=b"1")
    node_id = solo.id_of("old")
    solo.feed(ev.Paused(True))
    solo.user.move("old", "name")
    say(solo, "old")
    edited, new = file(node_id, "old", b"edited"), file("x", "name", b"theirs")
    solo.hear(solo.entry(edited), solo.entry(new)).hinted("old", "name").pass_time(1)
    solo.feed(ev.Paused(False)).give(b"theirs").pass_time(5)
    assert solo.tree() == {"name": b"1"}
    assert [(path, why) for path, why in solo.status.held] == [("name", HIDDEN)]
    assert not solo.status.in_sync
    say(solo, "old", exclude=False)
    done(solo)
    solo.give(b"edited", b"theirs").pass_time(60)
    assert solo.status.in_sync and {"old": b"edited", "name": b"theirs"}.items() <= solo.tree().items()
