"""What goes on beside whoever gives it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from syncagent.localfs.beside import Beside


def noted(done: list[tuple[int, int]]) -> Callable[[int], Callable[[], int]]:
    def work(number: int) -> int:
        done.append((number, threading.get_ident()))
        return number

    return lambda number: partial(work, number)


@pytest.mark.parametrize("thread", [True, False])
def test_it_is_done_in_its_order_and_all_that_comes_of_it_is_told_once(thread: bool) -> None:
    done: list[tuple[int, int]] = []
    work = noted(done)
    with Beside[int](3, thread=thread) as beside:
        told = [one for number in range(20) for one in beside.do(work(number))]
        told += beside.finish()
        assert beside.finish() == []
    assert told == [number for number, _ in done] == list(range(20))
    assert {ident == threading.get_ident() for _, ident in done} == {not thread}


def test_no_more_than_so_many_wait() -> None:
    go_on, begun = threading.Event(), []

    def slow(number: int) -> int:
        go_on.wait()
        begun.append(number)
        return number

    with Beside[int](2, thread=True) as beside:
        assert beside.do(partial(slow, 0)) == beside.do(partial(slow, 1)) == []
        assert begun == [], "whoever gave them has gone on"
        go_on.set()
        assert beside.do(partial(slow, 2)) == [0]
        assert beside.finish() == [1, 2]


@pytest.mark.parametrize("thread", [True, False])
def test_what_went_wrong_is_raised_and_what_was_not_begun_is_left(thread: bool) -> None:
    def wrong() -> int:
        raise OSError("no")

    with Beside[int](4, thread=thread) as beside, pytest.raises(OSError, match="no"):
        beside.do(wrong)
        beside.finish()


def test_it_is_over_when_it_is_left() -> None:
    done: list[tuple[int, int]] = []
    work = noted(done)
    with pytest.raises(RuntimeError), Beside[int](8, thread=True) as beside:
        for number in range(5):
            beside.do(work(number))
        raise RuntimeError
    after = list(done)
    assert [number for number, _ in after] == list(range(len(after)))
    assert threading.active_count() == len(threading.enumerate())
    assert not [one for one in threading.enumerate() if one.name.startswith("beside")]
