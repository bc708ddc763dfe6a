"""What may be done now, and why: from how it stands with the machine, and what a person wants then.  Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final, Protocol
from urllib.parse import urlsplit

from syncagent.agent.guest.timetable import Does, Timetable, at, until
from syncagent.agent.hours import clock
from syncagent.model.values import fixed


@fixed
class Conditions:
    """How it stands with the machine; None where that is not known, and then nothing is made of it.

    ``percent`` is what is left in its battery, ``saver`` whether it was told to use less power.
    """

    metered: bool | None = None
    on_battery: bool | None = None
    percent: float | None = None
    saver: bool | None = None


UNKNOWN: Final = Conditions()


class Wishes(Protocol):
    """What a person wants: these settings."""

    @property
    def on_metered(self) -> str: ...
    @property
    def on_battery(self) -> str: ...
    @property
    def on_power_saver(self) -> str: ...
    @property
    def pause_below_battery(self) -> int: ...
    @property
    def server(self) -> str: ...


@fixed
class Reason:
    """Something for which less is done.  ``kind`` is for programs, ``text`` a clause; by ``key`` it is known again when
    a person has said that it does not count."""

    kind: str
    does: Does
    text: str
    key: str


@fixed
class Decision:
    """``reasons`` are all that there are, also those that do not count since a person has said so (``waived``); what is
    done is what the strictest of the others says.  A rate is None where the schedule says nothing of it."""

    reasons: tuple[Reason, ...] = ()
    waived: frozenset[str] = frozenset()
    up: int | None = None
    down: int | None = None

    @property
    def counting(self) -> tuple[Reason, ...]:
        """The reasons that count."""
        return tuple(one for one in self.reasons if one.key not in self.waived)

    @property
    def does(self) -> Does:
        return max((one.does for one in self.counting), key=_ORDER.index, default=Does.SYNC)

    @property
    def text(self) -> str:
        """Why no more than that is done, as a clause; empty where all is done."""
        return " and ".join(one.text for one in self.counting if one.does is self.does)

    @property
    def ignored(self) -> tuple[str, ...]:
        """The reasons that do not count, as clauses."""
        return tuple(one.text for one in self.reasons if one.key in self.waived)


_ORDER: Final = tuple(Does)


def decide(
    wishes: Wishes, timetable: Timetable, found: Conditions, moment: datetime, waived: Collection[str] = ()
) -> Decision:
    """What is done at ``moment``, by the clock on the wall.  What a person has ``waived`` is forgotten with its end:
    when it comes again, it counts again."""
    said = at(timetable, moment)
    reasons = tuple(one for one in _reasons(wishes, timetable, found, moment) if one.does is not Does.SYNC)
    still = frozenset(waived) & {one.key for one in reasons}
    return Decision(reasons, still, said.up, said.down)


def _reasons(wishes: Wishes, timetable: Timetable, found: Conditions, moment: datetime) -> Iterator[Reason]:
    # What goes to a hub on this machine costs nothing.
    if found.metered and not _is_here(wishes.server):
        yield Reason("metered", Does(wishes.on_metered), "the network is metered", "metered")
    if found.on_battery:
        yield Reason("battery", Does(wishes.on_battery), "this machine runs on battery", "battery")
        if found.percent is not None and found.percent < wishes.pause_below_battery:
            yield Reason("low", Does.PAUSE, f"the battery is at {int(found.percent)} %", "low")
        if found.saver:  # plugged in, some leave it on for the quiet
            yield Reason("saver", Does(wishes.on_power_saver), "this machine saves power", "saver")
    if (does := at(timetable, moment).does) is not None:
        end = until(timetable, moment)
        text = "the schedule says so" + (f" until {clock(end, moment)}" if end is not None else "")
        # Another end is another time of the same: what was said of tonight is not said of tomorrow.
        yield Reason("schedule", does, text, f"schedule {end}")


def _is_here(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
