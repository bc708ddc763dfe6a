"""Which folders are watched, and where each of them is."""

from __future__ import annotations

import pytest

from syncagent.localfs.watched import Watch, Watched

ROOT, A, B, C = (Watch(number) for number in range(1, 5))


def tree(**where: tuple[Watch, Watch]) -> Watched:
    """``a=(A, ROOT)``: the folder ``a`` in the root has the watch A."""
    watched = Watched(ROOT)
    for name, (watch, parent) in where.items():
        assert watched.attach(watch, parent, name, 0.0)
    return watched


def test_a_folder_is_found_by_its_watch() -> None:
    watched = tree(a=(A, ROOT), b=(B, A))
    assert (watched.path(ROOT), watched.path(A), watched.path(B)) == ("", "a", "a/b")
    assert watched.path(C) is None
    assert watched.inner(A, "b") == B
    assert len(watched) == 3


def test_the_same_folder_at_the_same_place_is_no_news() -> None:
    assert not tree(a=(A, ROOT)).attach(A, ROOT, "a", 0.0)


@pytest.mark.hazard("A4")
def test_a_moved_folder_takes_what_is_in_it_along() -> None:
    watched = tree(a=(A, ROOT), b=(B, A), c=(C, B))
    watched.detach(ROOT, "a", 0.0)
    assert watched.attach(A, ROOT, "z", 0.0)
    assert (watched.path(A), watched.path(B), watched.path(C)) == ("z", "z/b", "z/b/c")
    assert watched.sweep(9.0) == []


def test_a_move_whose_first_half_was_not_seen_is_followed_too() -> None:
    watched = tree(a=(A, ROOT), b=(B, ROOT))
    assert watched.attach(A, B, "a", 0.0)
    assert watched.path(A) == "b/a"
    assert watched.inner(ROOT, "a") is None


def test_a_folder_that_appears_nowhere_is_swept_with_all_beneath_it() -> None:
    watched = tree(a=(A, ROOT), b=(B, A), c=(C, ROOT))
    watched.detach(ROOT, "a", 5.0)
    assert watched.adrift_since() == 5.0
    assert watched.sweep(4.9) == []
    assert sorted(watched.sweep(5.0)) == [A, B]
    assert watched.adrift_since() is None
    assert len(watched) == 2


def test_another_folder_in_its_place_sets_it_adrift() -> None:
    watched = tree(a=(A, ROOT))
    assert watched.attach(B, ROOT, "a", 3.0)
    assert watched.inner(ROOT, "a") == B
    assert watched.sweep(3.0) == [A]
    assert watched.path(B) == "a"


@pytest.mark.hazard("A4", "A11")
def test_two_folders_that_swap_their_names() -> None:
    watched = tree(a=(A, ROOT), b=(B, ROOT))
    watched.detach(ROOT, "a", 0.0)
    watched.detach(ROOT, "b", 0.0)
    watched.attach(B, ROOT, "a", 0.0)
    watched.attach(A, ROOT, "b", 0.0)
    assert (watched.path(A), watched.path(B)) == ("b", "a")
    assert watched.sweep(9.0) == []


def test_a_watch_that_the_kernel_removed_is_forgotten() -> None:
    watched = tree(a=(A, ROOT), b=(B, A))
    watched.forget(A, 1.0)
    watched.forget(C, 1.0)
    assert watched.path(A) is None
    assert watched.inner(ROOT, "a") is None
    assert watched.sweep(1.0) == [B], "it was in a folder that is not known any more"


def test_a_folder_bound_into_itself_stays_where_it_is() -> None:
    watched = tree(a=(A, ROOT), b=(B, A))
    assert not watched.attach(ROOT, B, "loop", 0.0)
    assert not watched.attach(A, B, "loop", 0.0)
    assert (watched.path(ROOT), watched.path(A)) == ("", "a")


def test_what_comes_too_late_is_no_error() -> None:
    watched = tree(a=(A, ROOT))
    watched.detach(ROOT, "never", 0.0)
    watched.detach(C, "a", 0.0)
    watched.forget(A, 0.0)
    watched.detach(A, "b", 0.0)
