"""A recorded flight, fed to a fresh engine: the same events give the same effects, up to where it failed.

Needs the recording alone: no disk, no hub, and nothing is done to either.  A recording that has lost its beginning
cannot be replayed, since what the engine knew by then is not in it: it is only told, event by event.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from syncagent.agent.plain import event_from
from syncagent.agent.recorder import FORMAT
from syncagent.engine.effects import Effect, Submit
from syncagent.engine.engine import Engine
from syncagent.engine.events import Event, Judged, Started
from syncagent.errors import BadConfig
from syncagent.model.acts import Limits
from syncagent.model.ids import ChangeId, ClientId, NodeId
from syncagent.model.values import fixed, replace


@fixed
class Recorded:
    """One event of a recording; a ``str`` when only its name was kept."""

    now: float
    event: Event | str
    ids: tuple[NodeId, ...]
    effects: tuple[str, ...] | None


@dataclass(slots=True)
class Flight:
    """A recording, as it was read."""

    client_id: str
    machine: str
    lost: int
    events: list[Recorded] = field(default_factory=list)
    error: str = ""
    brake: Limits | None = None
    gitignore: bool = False

    @property
    def obstacle(self) -> str:
        """Why it cannot be replayed; empty when it can."""
        if self.lost:
            return f"{self.lost} events are not in it (it keeps the last ones only): what the engine knew is not known"
        # Hints may come before it: the watch begins before all is loaded.
        if not any(isinstance(one.event, Started) for one in self.events):
            return "the start of the agent is not in it"
        return ""


@fixed
class Step:
    """What the engine made of an event this time.  ``differs`` says how that is not what it made then."""

    recorded: Recorded
    effects: Sequence[Effect]
    differs: str = ""
    failure: BaseException | None = None


def read_flight(path: Path) -> Flight:
    """Raises BadConfig when it is no flight."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return flight_of(json.loads(line) for line in lines)
    except OSError as error:
        raise BadConfig(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadConfig(f"{path} is not a recorded flight: {error}") from None


def flight_of(lines: Iterator[dict[str, Any]]) -> Flight:
    """Raises ValueError (or what a wrong type raises)."""
    head = next(lines, {})
    if head.get("flight") != FORMAT:
        raise ValueError("its first line does not say so, or it is of another version")
    brake = head["brake"]
    limits, gitignore = None if brake is None else Limits(*brake), head.get("gitignore") is True
    flight = Flight(head["client_id"], head["machine"], head["lost"], brake=limits, gitignore=gitignore)
    for line in lines:
        if "error" in line:
            flight.error = line["error"]
            continue
        event, effects = line["event"], line["effects"]
        made = event if isinstance(event, str) else event_from(event)
        ids = tuple(NodeId(one) for one in line["ids"])
        flight.events.append(Recorded(float(line["now"]), made, ids, None if effects is None else tuple(effects)))
    return flight


def replay(flight: Flight) -> Iterator[Step]:
    """Feed the events to a fresh engine, one by one; ends with the step that fails.

    Raises BadConfig when it cannot be replayed.
    """
    if flight.obstacle:
        raise BadConfig(f"this flight cannot be replayed: {flight.obstacle}")
    ids, answers = _GivenIds(), _Answers()
    engine = Engine(ClientId(flight.client_id), flight.machine, ids, brake=flight.brake, gitignore=flight.gitignore)
    for one in flight.events:
        assert not isinstance(one.event, str)
        ids.give(one.ids)
        try:
            effects = engine.step(answers.addressed(one.event), one.now)
        except Exception as failure:  # noqa: BLE001 - what is looked for
            yield Step(one, (), "" if one.effects is None else "it came back then", failure)
            return
        answers.note(effects)
        yield Step(one, effects, _difference(one, effects, ids.left))


def _difference(then: Recorded, effects: Sequence[Effect], ids_left: int) -> str:
    now = tuple(type(effect).__name__ for effect in effects)
    if then.effects is None:
        return "it failed then"
    if now != then.effects:
        return f"then {', '.join(then.effects) or 'nothing'}; now {', '.join(now) or 'nothing'}"
    return f"{ids_left} ids fewer than then" if ids_left else ""


class _Answers:
    """Change ids are made of names: in a recording without names the answers bear others than the changes do.  They are
    known again by their nodes, of each of which there is one unanswered change at most."""

    def __init__(self) -> None:
        self._sent: dict[NodeId, ChangeId] = {}

    def note(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Submit):
                self._sent.update((change.node_id, change.change_id) for change in effect.changes)

    def addressed(self, event: Event) -> Event:
        if not isinstance(event, Judged):
            return event
        known = frozenset(self._sent.values())
        verdicts = [
            one if one.change_id in known else replace(one, change_id=self._sent.get(one.node_id, one.change_id))
            for one in event.verdicts
        ]
        return replace(event, verdicts=tuple(verdicts))


class _GivenIds:
    """The ids that were made then."""

    def __init__(self) -> None:
        self._ids: list[NodeId] = []

    @property
    def left(self) -> int:
        return len(self._ids)

    def give(self, ids: Sequence[NodeId]) -> None:
        self._ids = list(ids)

    def new_id(self) -> NodeId:
        if not self._ids:
            raise AssertionError(
                "more ids are wanted than were made then: this is another engine than the recorded one"
            )
        return self._ids.pop(0)
