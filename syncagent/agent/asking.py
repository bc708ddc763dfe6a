"""What the running agent answers about what a person decides: held, approve, reject, undo; excluded, exclude,
include."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from syncagent.agent.board import Board
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.table import Args, Table, flag
from syncagent.control import Answer
from syncagent.engine.effects import Answered
from syncagent.engine.events import Decided, Event, Exclusion
from syncagent.engine.status import Asked
from syncagent.errors import BadName, NotAsked, TryAgain
from syncagent.model.acts import Act, Decision, Direction, Loss, Part
from syncagent.model.names import RelPath, check_path
from syncagent.model.nodes import Dir

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

    def exclusions(self) -> list[tuple[RelPath, int]]:
        """What this machine has excluded, and how many files the hub has there."""


class Asking:
    """Answers what a person asks about them, and hands on what a person says."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._requests = 0

    def answers(self) -> Table:
        return {
            "held": self._held,
            "approve": lambda args: self.decide("approve", _act(args)),
            "reject": lambda args: self.decide("reject", _act(args)),
            "undo": lambda args: self.decide("undo", _act(args)),
            "excluded": self._excluded,
            "exclude": lambda args: self.exclude(args.get("path"), exclude=True),
            "include": lambda args: self.exclude(args.get("path"), exclude=False),
        }

    async def _held(self, args: Args) -> Answer:
        return self.held(decided=flag(args, "decided"), paths=flag(args, "paths"))

    async def _excluded(self, _: Args) -> Answer:
        return self.excluded()

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
        answer = await self._said(lambda request: Decided(request, number, word))
        return {"concerned": answer.concerned, "left": answer.left}

    def excluded(self) -> Answer:
        """What is excluded on this machine."""
        return {"excluded": [{"path": path, "files": files} for path, files in self._agent.exclusions()]}

    async def exclude(self, path: Any, *, exclude: bool) -> Answer:
        """Exclude, or include, what lies at ``path``; answered when it is written down.

        Raises NotAsked when it cannot be, TryAgain when there was no answer.
        """
        try:
            inner = RelPath("/".join(check_path(str(path or ""))))
        except BadName as why:
            raise NotAsked(str(why)) from None
        answer = await self._said(lambda request: Exclusion(request, inner, exclude))
        return {"path": inner, "concerned": answer.concerned}

    async def _said(self, made: Callable[[int], Decided | Exclusion]) -> Answered:
        self._requests += 1
        request = self._requests
        self._agent.feed(made(request))
        answer = await self._agent.board.answered(request, ANSWER_SECONDS)
        if answer is None:
            raise TryAgain("the agent is not ready for that yet; see `syncagent status`")
        if answer.problem:
            raise NotAsked(answer.problem)
        return answer


def _act(args: Args) -> int:
    said = args.get("act")
    return said if isinstance(said, int) and said > 0 else 0
