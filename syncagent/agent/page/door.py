"""Who may see a page of ours: tickets that let in once, and the visits that come of them.

A ticket goes from the agent to a browser by way of a URL, where others may come to see it: so it is good for one use
and a short while.  What it is exchanged for has two halves.  The *cookie* goes with every request, but a browser keeps
cookies by host alone: what another user serves at another port of 127.0.0.1 is sent them, too.  The *key* is therefore
wanted for all that is worth anything; the page's own code keeps it, by its origin, and sends it itself.

Pure: clock and chance are passed in.  Called by ``server``.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

TICKET_SECONDS: Final = 180.0
"""A browser that has to be started first takes its time."""

IDLE_SECONDS: Final = 1800.0
MOST_TICKETS: Final = 32
MOST_VISITS: Final = 32


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(slots=True)
class Visit:
    """``open`` counts what is being sent to the page as it happens: as long as there is any, the visit is not idle."""

    cookie: str
    key: str
    used: float
    open: int = 0


class Door:
    """Hands out tickets, and knows the visits.  Secrets are looked up by their digests: how long that takes tells
    nothing of them."""

    def __init__(self, clock: Callable[[], float], secret: Callable[[], str] = _secret) -> None:
        self._clock = clock
        self._secret = secret
        self._tickets: dict[bytes, float] = {}
        self._visits: dict[bytes, Visit] = {}

    def ticket(self) -> str:
        """What lets in once, and soon."""
        self._clean()
        while len(self._tickets) >= MOST_TICKETS:
            del self._tickets[next(iter(self._tickets))]
        ticket = self._secret()
        self._tickets[_digest(ticket)] = self._clock() + TICKET_SECONDS
        return ticket

    def enter(self, ticket: str) -> Visit | None:
        """The visit that ``ticket`` is exchanged for; None when it was spent, is too old, or never was one."""
        self._clean()
        if self._tickets.pop(_digest(ticket), None) is None:
            return None
        while len(self._visits) >= MOST_VISITS:
            del self._visits[min(self._visits, key=lambda one: self._visits[one].used)]
        visit = Visit(self._secret(), self._secret(), self._clock())
        self._visits[_digest(visit.cookie)] = visit
        return visit

    def visit(self, cookie: str) -> Visit | None:
        """The visit that the cookie belongs to, which is used by that."""
        self._clean()
        visit = self._visits.get(_digest(cookie))
        if visit is not None:
            visit.used = self._clock()
        return visit

    def leave(self, visit: Visit) -> None:
        self._visits.pop(_digest(visit.cookie), None)

    def knows(self, visit: Visit) -> bool:
        """Whether ``visit`` is not over."""
        self._clean()
        return _digest(visit.cookie) in self._visits

    @property
    def empty(self) -> bool:
        """Whether nobody is here, nor about to come."""
        self._clean()
        return not self._tickets and not self._visits

    def _clean(self) -> None:
        now = self._clock()
        for old in [one for one, until in self._tickets.items() if until < now]:
            del self._tickets[old]
        for idle in [one for one, v in self._visits.items() if not v.open and v.used + IDLE_SECONDS < now]:
            del self._visits[idle]


def has_key(visit: Visit, key: str) -> bool:
    return hmac.compare_digest(visit.key.encode(), key.encode("utf-8", "replace"))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
