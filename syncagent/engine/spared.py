"""What is not carried over for now, since the machine is to be spared: files that are larger than is allowed; or, since
there is no room for it, anything that comes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from syncagent.engine.events import Cramped, Paused, Restrained
from syncagent.model.ids import NodeId


class Sparing:
    """What a person (a pause) and the machine (a restraint) want to be left undone, and what there is no room for."""

    def __init__(self) -> None:
        self._paused = False
        self._restraint = Restrained()
        self.cramped = ""
        """Why nothing may come in; empty when there is room."""

    def hear(self, event: Paused | Restrained | Cramped) -> None:
        match event:
            case Paused():
                self._paused = event.paused
            case Restrained():
                self._restraint = event
            case Cramped():
                self.cramped = event.reason

    @property
    def stands_still(self) -> bool:
        """Whether nothing is to be sent and nothing received."""
        return self._paused or self._restraint.most == 0

    @property
    def most(self) -> int | None:
        """The largest file that is carried over; None: any is."""
        return 0 if self._paused else self._restraint.most

    @property
    def restraint(self) -> Restrained:
        """The machine's wish, where no person's is before it."""
        return Restrained() if self._paused else self._restraint


class Job(Protocol):
    """One content on its way, or waiting to be."""

    @property
    def size(self) -> int: ...
    @property
    def nodes(self) -> dict[NodeId, None]: ...


_Job = TypeVar("_Job", bound=Job)


def within(most: int | None, size: int) -> bool:
    """Whether a file of ``size`` bytes is carried over; ``most`` None: any is, 0: none is."""
    return most is None or size <= most


def first_within(most: int | None, jobs: Iterable[_Job]) -> _Job | None:
    """The first whose turn may come."""
    return next((job for job in jobs if within(most, job.size)), None)


def kept_back(most: int | None, jobs: Iterable[Job]) -> dict[NodeId, int]:
    """The nodes whose content waits only for that, with its size."""
    if most is None:
        return {}
    return {node_id: job.size for job in jobs if not within(most, job.size) for node_id in job.nodes}
