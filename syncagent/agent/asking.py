"""What the running agent answers about mass changes: held, approve, reject, undo."""

from __future__ import annotations

from typing import Any, Final, Protocol

from syncagent.agent.board import Board
from syncagent.agent.config.settings import AgentConfig
from syncagent.engine.events import Decided, Event
from syncagent.engine.status import Asked
from syncagent.errors import NotAsked, TryAgain
from syncagent.model.acts import Act, Decision, Direction, Loss, Part
from syncagent.model.nodes import Dir

Answer = dict[str, Any]

ANSWER_SECONDS: Final = 20.0
"""How long a decision may take to be written down."""

SHOWN: Final = 10
"""Paths of an act that are named unless all are wanted."""


class Agent(Protocol):
    """What is needed of the one who runs everything."""

    @property
    def board(self) -> Board: ...

    @property
    def config(self) -> AgentConfig:
        """What it goes by now."""

    def feed(self, event: Event) -> None: ...

    def acts(self) -> list[tuple[Act, list[Part]]]:
        """The mass changes that a person is asked about, or has decided lately."""


class Asking:
    """Answers what a person asks about them, and hands on what a person says."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._requests = 0

    def held(self, *, decided: bool, paths: bool) -> Answer:
        """What is held; with ``decided`` also what was decided lately, with ``paths`` with each of their paths."""
        status = {one.id: one for one in self._agent.board.status.asked}
        acts = [(act, parts) for act, parts in self._agent.acts() if decided or act.decision is Decision.HELD]
        listed = [self._told(act, parts, None if paths else SHOWN, status.get(act.id)) for act, parts in acts]
        return {"acts": listed, "held": len(status)}

    def _told(self, act: Act, parts: list[Part], most: int | None, asked: Asked | None) -> Answer:
        files = [part for part in sorted(parts, key=lambda one: one.path) if not isinstance(part.before, Dir)]
        return {
            "id": act.id,
            "direction": act.direction.value,
            "decision": act.decision.value,
            "by": [self._agent.config.name] if act.direction is Direction.OUT else list(act.by),
            "held_by": "hub" if act.by_hub else "agent",
            "since": act.since,
            "deleted": sum(part.loss is Loss.DELETED for part in files),
            "overwritten": sum(part.loss is Loss.OVERWRITTEN for part in files),
            "folders": len(parts) - len(files),
            "gone_before": len(files) - asked.deleted - asked.overwritten if asked else 0,
            "paths": [{"path": part.path, "loss": part.loss.value} for part in files[:most]],
        }

    async def decide(self, word: str, number: int) -> Answer:
        """Have a person's ``word`` carried out; answered when it is written down.

        Raises NotAsked when there is no such act, or it is past that word; TryAgain when there was no answer.
        """
        self._requests += 1
        request = self._requests
        self._agent.feed(Decided(request, number, word))
        answer = await self._agent.board.answered(request, ANSWER_SECONDS)
        if answer is None:
            raise TryAgain("the agent is not ready for that yet; see `syncagent status`")
        if answer.problem:
            raise NotAsked(answer.problem)
        return {"concerned": answer.concerned, "left": answer.left}
