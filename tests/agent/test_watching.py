"""What a face that stays open is told, and when."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from syncagent.agent.board import Board
from syncagent.agent.watching import EVERY, brief, watch
from syncagent.engine.status import State, Status
from tests.support.virtual_time import run_virtually


class Face:
    """Sees a board through a watch."""

    def __init__(self) -> None:
        self.board = Board()
        self.looks = 0
        self.in_sync = True
        self.carried = 0

    async def look(self) -> dict[str, Any]:
        self.looks += 1
        return {
            "state": self.board.status.state.value, "in_sync": self.in_sync, "last_contact": self.looks,
            "traffic": {"sent": self.looks, "received": 0, "content_sent": self.carried, "content_received": 0},
        }  # fmt: skip


def test_the_state_is_told_at_once_and_then_each_other_one() -> None:
    async def go() -> None:
        face = Face()
        async with contextlib.aclosing(watch(face.look, face.board)) as events:
            assert (await anext(events))["state"] == "starting"
            face.board.publish(Status(state=State.SYNCING))
            face.board.publish(Status(state=State.IDLE))
            assert (await anext(events))["state"] == "idle", "what was over before anyone looked is not told"

    run_virtually(go())


def test_what_only_ticks_is_no_reason_to_tell() -> None:
    async def go() -> None:
        face = Face()
        async with contextlib.aclosing(watch(face.look, face.board)) as events:
            await anext(events)
            nothing = asyncio.ensure_future(anext(events))
            await asyncio.sleep(10 * EVERY)
            assert not nothing.done()
            assert 9 <= face.looks <= 12, "it is looked all the same: not all comes with a change of the board"
            face.carried = 7
            assert (await nothing)["traffic"]["content_sent"] == 7

    run_virtually(go())


def test_while_something_is_carried_over_it_is_looked_each_second() -> None:
    async def go() -> None:
        face = Face()
        face.in_sync = False
        async with contextlib.aclosing(watch(face.look, face.board)) as events:
            await anext(events)
            asyncio.get_running_loop().call_later(60, setattr, face, "carried", 1)
            await anext(events)
            assert 40 <= face.looks <= 62

    run_virtually(go())


def test_long_lists_are_cut_and_counted() -> None:
    rows = [{"path": f"f{number}", "reason": "r"} for number in range(1000)]
    lines = [{"kind": "held", "text": "r", "hinders": True, "path": row["path"]} for row in rows]
    lines.append({"kind": "hub", "text": "no link", "hinders": True})
    status = {
        "held": rows, "unreadable": [], "skipped": rows, "lines": lines,
        "unacknowledged": {"count": 3, "oldest_seconds": 1.5},
    }  # fmt: skip
    told = brief(status)
    assert told["counts"] == {"held": 1000, "unreadable": 0, "skipped": 1000}
    assert (len(told["held"]), len(told["skipped"])) == (10, 10)
    assert told["lines"][0]["kind"] == "hub"
    assert len(told["lines"]) == 11
    assert told["unacknowledged"] == {"count": 3}
    assert len(status["held"]) == 1000
