"""Threads, and the way back from them."""

from __future__ import annotations

import asyncio
import threading

from syncagent.agent.workers import Lane, Mailbox, Workers


def failed(error: BaseException) -> None:
    raise AssertionError(error)


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
    await asyncio.wait_for(done.wait(), 10)
    lane.end()
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
    await asyncio.wait_for(done.wait(), 10)
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
    await asyncio.wait_for(done.wait(), 20)
    lane.end()
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
    lane.end()
    assert record == ["begin a", "end a", "begin b", "end b"]


def test_work_that_raises_is_reported_and_the_lane_goes_on() -> None:
    errors: list[BaseException] = []
    record: list[str] = []
    lane = Lane("one", 1, errors.append)
    lane.do(lambda: record.remove("absent"))
    lane.do(lambda: record.append("next"))
    lane.end()
    assert record == ["next"]
    assert [type(error) for error in errors] == [ValueError]


def test_ending_waits_for_what_was_asked_for() -> None:
    record: list[int] = []
    workers = Workers(failed)
    for number in range(100):
        workers.keep.do(lambda number=number: record.append(number))
    workers.end()
    assert record == list(range(100))
