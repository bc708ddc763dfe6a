"""What those who listen to the system are given."""

from __future__ import annotations

from typing import Protocol


class Learn(Protocol):
    """Is told the conditions that are known, by their names in ``deciding.Conditions``; None: not any more."""

    def __call__(self, **changes: bool | float | None) -> None: ...


class Part(Protocol):
    """One that is listened to."""

    async def begin(self) -> None: ...

    def end(self) -> None: ...


class Sleeper(Protocol):
    """What is done before the machine sleeps, and after."""

    async def fall_asleep(self) -> None:
        """The machine sleeps in a moment; when this comes back it may."""

    def wake_up(self) -> None:
        """It is awake; or it has not slept after all."""
