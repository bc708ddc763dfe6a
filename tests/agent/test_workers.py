"""Threads, and the way back from them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Iterator

import pytest

from syncagent.agent.workers import Aside, Lane, Mailbox, Workers, done_in, first_of


def failed(error: BaseException) -> None:
    raise AssertionError(error)


def end(lane: Lane) -> None:
    lane.end()
    assert lane.join(60)


async def test_what_is_posted_arrives_in_order_in_the_loop() -> None:
    come: list[int] = []
    threads: set[int] = set()
    done = asyncio.Event()

    def deliver(things: list[int]) -> None:
        threads.add(threading.get_ident())
        come.extend(things)
        if len(come) == 1000:
            done.set()

    box = Mailbox(asyncio.get_running_loop(), deliver)
    lane = Lane("one", 1, failed)
    for number in range(1000):
        lane.do(lambda number=number: box.post(number))
    await asyncio.wait_for(done.wait(), 30)
    end(lane)
    assert come == list(range(1000))
    assert threads == {threading.get_ident()}


async def test_things_posted_at_once_wake_the_loop_once() -> None:
    batches: list[list[int]] = []
    done = asyncio.Event()

    def deliver(things: list[int]) -> None:
        batches.append(things)
        done.set()

    box = Mailbox(asyncio.get_running_loop(), deliver)
    for number in range(5):
        box.post(number)
    await asyncio.wait_for(done.wait(), 30)
    assert batches == [[0, 1, 2, 3, 4]]


async def test_nothing_is_lost_when_many_post() -> None:
    come: list[int] = []
    done = asyncio.Event()

    def deliver(things: list[int]) -> None:
        come.extend(things)
        if len(come) == 8000:
            done.set()

    box = Mailbox(asyncio.get_running_loop(), deliver)
    lane = Lane("many", 8, failed)

    def post_many(start: int) -> None:
        for number in range(start, start + 1000):
            box.post(number)

    for start in range(0, 8000, 1000):
        lane.do(lambda start=start: post_many(start))
    await asyncio.wait_for(done.wait(), 60)
    end(lane)
    assert sorted(come) == list(range(8000))


def test_a_post_after_the_end_goes_nowhere() -> None:
    loop = asyncio.new_event_loop()
    box = Mailbox[int](loop, lambda things: None)
    loop.close()
    box.post(1)


def test_one_thread_does_one_thing_at_a_time_in_order() -> None:
    lane = Lane("one", 1, failed)
    record: list[str] = []
    for name in "ab":
        lane.do(lambda name=name: record.append(f"begin {name}"))
        lane.do(lambda name=name: record.append(f"end {name}"))
    end(lane)
    assert record == ["begin a", "end a", "begin b", "end b"]


def test_a_piece_of_work_wakes_the_thread_that_has_rested_least_and_no_other() -> None:
    lane = Lane("three", 3, failed)
    who: list[str] = []
    at_work, go_on = threading.Barrier(4), threading.Event()

    def work() -> None:
        at_work.wait(10)
        assert go_on.wait(10)

    for _ in range(3):
        lane.do(work)
    at_work.wait(10)  # all three are at work at once
    go_on.set()
    for _ in range(50):
        until_rested(lane, 3)
        done = threading.Event()

        def note(done: threading.Event = done) -> None:
            who.append(threading.current_thread().name)
            done.set()

        lane.do(note)
        assert done.wait(10)
    assert len(set(who)) == 1
    end(lane)


def until_rested(lane: Lane, threads: int) -> None:
    end_at = time.monotonic() + 30
    while lane.resting < threads:
        assert time.monotonic() < end_at
        time.sleep(0.001)


def test_nothing_is_lost_when_several_threads_take_what_several_give() -> None:
    lane = Lane("three", 3, failed)
    done: list[int] = []
    givers = [threading.Thread(target=lambda: [lane.do(lambda: done.append(1)) for _ in range(2000)]) for _ in range(3)]
    for giver in givers:
        giver.start()
    for giver in givers:
        giver.join()
    end(lane)
    assert len(done) == 6000


def test_work_that_raises_is_reported_and_the_lane_goes_on() -> None:
    errors: list[BaseException] = []
    record: list[str] = []
    lane = Lane("one", 1, errors.append)
    lane.do(lambda: record.remove("absent"))
    lane.do(lambda: record.append("next"))
    end(lane)
    assert record == ["next"]
    assert [type(error) for error in errors] == [ValueError]


def test_at_the_end_the_database_keeps_all_that_was_asked_and_the_rest_is_dropped() -> None:
    kept: list[int] = []
    changed: list[int] = []
    begun = threading.Event()
    workers = Workers(failed)

    def first() -> None:
        begun.set()
        while not workers.change._ending:
            os.sched_yield()
        changed.append(0)

    workers.change.do(first)
    for number in range(1, 5):
        workers.change.do(lambda number=number: changed.append(number))
    for number in range(100):
        workers.keep.do(lambda number=number: kept.append(number))
    begun.wait(60)
    assert workers.end(60)
    assert kept == list(range(100))
    assert changed == [0]


def test_the_end_does_not_wait_for_ever() -> None:
    begun, go_on = threading.Event(), threading.Event()
    workers = Workers(failed)

    def work() -> None:
        begun.set()
        go_on.wait(10)

    workers.look.do(work)
    begun.wait(10)
    assert not workers.end(0.05)
    assert workers.ending
    go_on.set()
    assert workers.end(10)


async def test_the_first_that_is_over_ends_the_others() -> None:
    ended: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("endless")

    async def fails() -> None:
        raise LookupError("first")

    kept = asyncio.get_running_loop().create_future()
    with pytest.raises(LookupError):
        await first_of(endless(), fails(), kept)
    assert ended == ["endless"]
    assert not kept.done(), "a future that was passed in is the caller's"
    kept.set_result(None)
    await first_of(endless(), kept)
    assert ended == ["endless", "endless"]


async def test_what_is_done_in_a_lane_is_given_or_raised_here() -> None:
    lane = Lane("one", 1, failed)
    assert await done_in(lane, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await done_in(lane, lambda: 1 // 0)
    end(lane)


# --- a thread beside another ---------------------------------------------------------------------------------------


def test_what_is_done_aside_is_done_in_another_thread_within_what_was_given() -> None:
    done: list[object] = []

    @contextlib.contextmanager
    def within() -> Iterator[None]:
        done.append("in")
        yield
        done.append("out")

    with Aside(failed, within) as aside:
        for _ in range(2):
            aside.begin(lambda: done.append(threading.get_ident()))
            assert aside.is_over(or_more=False)
            assert aside.is_over(or_more=True), "it stays so"
    assert done[:3] == done[3:] == ["in", done[1], "out"]
    assert done[1] != threading.get_ident()


def test_who_waits_for_it_is_rung_for_when_there_is_more_to_do() -> None:
    go = threading.Event()
    with Aside(failed, contextlib.nullcontext) as aside:
        aside.ring()
        aside.begin(lambda: go.wait(60) and None)
        assert not aside.is_over(or_more=True), "it may have been for this"
        ringing = threading.Thread(target=aside.ring)
        ringing.start()
        assert not aside.is_over(or_more=True)
        ringing.join()
        aside.ring()
        go.set()
        assert aside.is_over(or_more=False), "whoever rings"


def test_what_it_raises_is_raised_where_it_is_waited_for_and_once() -> None:
    with Aside(failed, contextlib.nullcontext) as aside:
        aside.begin(lambda: 1 // 0 and None)
        with pytest.raises(ZeroDivisionError):
            aside.is_over(or_more=True)
        assert aside.is_over(or_more=True)
        aside.begin(lambda: None)
        assert aside.is_over(or_more=False)
