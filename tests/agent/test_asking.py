"""What a person hears of mass changes, and what becomes of a person's word."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from syncagent.agent import asking
from syncagent.agent.asking import Asking
from syncagent.agent.board import Board
from syncagent.agent.config.settings import AgentConfig
from syncagent.engine.effects import Answered
from syncagent.engine.events import Decided, Event
from syncagent.engine.status import Asked, Status
from syncagent.errors import NotAsked, TryAgain
from syncagent.model.acts import Act, Decision, Direction, Loss, Part
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Dir, Link, Node, Placement

HELD = Act(1, Direction.OUT, frozenset({Loss.DELETED}), since="noon")
DONE = Act(2, Direction.IN, frozenset(Loss), by=("evil",), by_hub=False, decision=Decision.APPROVED)


def part(number: int, name: str, *, folder: bool = False) -> Part:
    at = Placement(ROOT, Name(name))
    before: Node = Dir(NodeId(name), at) if folder else Link(NodeId(name), at, "x")
    return Part(number, NodeId(name), RelPath(name), before, None)


CONFIG = AgentConfig(
    sync_root=Path("/folder"), server="ws://127.0.0.1:1", name="Laptop", data_dir=Path("/nowhere"), client_id="a",
    api_key=SecretStr("the-key-of-these-tests"),
)  # fmt: skip


class Agent:
    def __init__(self) -> None:
        self.board = Board()
        self.board.publish(Status(asked=(Asked(1, Direction.OUT, 9, 0, "noon", (), False, ()),)))
        self.fed: list[Event] = []
        self.config = CONFIG

    def feed(self, event: Event) -> None:
        self.fed.append(event)

    def acts(self) -> list[tuple[Act, list[Part]]]:
        files = [part(1, f"{number:02}") for number in reversed(range(12))]
        return [(HELD, [part(1, "d", folder=True), *files]), (DONE, [part(2, "x")])]


async def test_what_is_held_is_told_with_some_of_its_paths() -> None:
    answer = Asking(Agent()).held(decided=False, paths=False)
    [act] = answer["acts"]
    assert {key: act[key] for key in act if key != "paths"} == {
        "id": 1, "direction": "outgoing", "decision": "held", "by": ["Laptop"], "held_by": "agent", "since": "noon",
        "deleted": 12, "overwritten": 0, "folders": 1, "gone_before": 3,
    }  # fmt: skip
    assert act["paths"][0] == {"path": "00", "loss": "deleted"}
    assert len(act["paths"]) == 10


async def test_all_paths_and_what_was_decided_are_told_where_they_are_wanted() -> None:
    answer = Asking(Agent()).held(decided=True, paths=True)
    assert [(act["id"], len(act["paths"]), act["by"]) for act in answer["acts"]] == [
        (1, 12, ["Laptop"]),
        (2, 1, ["evil"]),
    ]


async def test_a_word_is_answered_when_the_engine_has_written_it_down() -> None:
    agent = Agent()
    waiting = asyncio.ensure_future(Asking(agent).decide("approve", 1))
    await asyncio.sleep(0)
    assert agent.fed == [Decided(1, 1, "approve")]
    assert not waiting.done()
    agent.board.answer(Answered(1, 12, 2))
    assert await waiting == {"concerned": 12, "left": 2}


async def test_a_word_that_does_not_fit_is_refused() -> None:
    agent = Agent()
    waiting = asyncio.ensure_future(Asking(agent).decide("undo", 9))
    await asyncio.sleep(0)
    agent.board.answer(Answered(1, problem="there is no 9"))
    with pytest.raises(NotAsked, match="there is no 9"):
        await waiting


async def test_an_agent_that_cannot_write_it_down_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.01)
    with pytest.raises(TryAgain):
        await Asking(Agent()).decide("approve", 1)
