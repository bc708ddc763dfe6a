"""What is shown, and who is woken by it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from syncagent.agent.board import ANSWERS_KEPT, LINES_KEPT, Board
from syncagent.engine.effects import Answered, Note
from syncagent.engine.status import State, Status

IN_SYNC = Status(state=State.IDLE, in_sync=True, files=3)


async def test_who_waits_is_woken_when_it_is_so() -> None:
    board = Board()
    waiting = asyncio.ensure_future(board.until(lambda status: status.in_sync, 10))
    await asyncio.sleep(0)
    board.publish(Status(state=State.SYNCING))
    await asyncio.sleep(0)
    assert not waiting.done()
    board.publish(IN_SYNC)
    assert await waiting


async def test_who_waits_for_what_is_so_already_does_not_wait() -> None:
    board = Board()
    board.publish(IN_SYNC)
    assert await board.until(lambda status: status.in_sync, 0)


async def test_who_waits_in_vain_is_told() -> None:
    assert not await Board().until(lambda status: status.in_sync, 0.01)


async def test_it_is_never_in_sync_while_the_agent_is_hindered() -> None:
    board = Board()
    board.publish(IN_SYNC)
    board.hinder("memory", "the disk of the database is full")
    board.hinder("folder", "it is gone")
    assert board.status == replace(
        IN_SYNC, in_sync=False, state=State.HALTED, reason="the disk of the database is full"
    )
    waiting = asyncio.ensure_future(board.until(lambda status: status.in_sync, 10))
    await asyncio.sleep(0)
    board.hinder("memory", "")
    assert board.status.reason == "it is gone"
    board.hinder("folder", "")
    assert await waiting
    assert board.status == IN_SYNC


async def test_the_latest_lines_are_kept() -> None:
    board = Board()
    for number in range(LINES_KEPT + 10):
        board.write(Note("info", f"line {number}", "a.txt"))
    assert [line["text"] for line in board.lines(2)] == [
        f"a.txt: line {LINES_KEPT + 8}",
        f"a.txt: line {LINES_KEPT + 9}",
    ]
    assert len(board.lines(10**6)) == LINES_KEPT
    assert board.lines(0) == []


async def test_following_gives_old_lines_and_each_new_one_once() -> None:
    board = Board()
    for number in range(3):
        board.write(Note("info", str(number)))
    found: list[str] = []

    async def follow() -> None:
        async for line in board.follow(2):
            found.append(line["text"])
            if len(found) == 5:
                return

    following = asyncio.ensure_future(follow())
    await asyncio.sleep(0)
    assert found == ["1", "2"]
    board.publish(IN_SYNC)
    board.write(Note("info", "3"))
    board.write(Note("info", "4"))
    board.write(Note("info", "5"))
    await asyncio.wait_for(following, 10)
    assert found == ["1", "2", "3", "4", "5"]


async def test_what_hinders_is_named_and_told_once_in_the_log() -> None:
    board = Board()
    for _ in range(3):
        board.hinder("folder", "it is gone")
    assert board.hindrance == "folder"
    board.hinder("folder", "")
    assert board.hindrance == ""
    assert [line["text"] for line in board.lines(9)] == ["it is gone"]


async def test_answers_that_came_too_late_are_not_kept_for_ever() -> None:
    board = Board()
    for number in range(ANSWERS_KEPT + 1):
        board.answer(Answered(number, concerned=number))
    assert await board.answered(0, 0.01) is None
    assert await board.answered(ANSWERS_KEPT, 10) == Answered(ANSWERS_KEPT, concerned=ANSWERS_KEPT)
