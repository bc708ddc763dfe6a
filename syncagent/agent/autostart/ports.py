"""What the command line, the tray and the assistant ask of starting at login, whatever the system."""

from __future__ import annotations

from typing import Protocol

from syncagent.agent.autostart.seal import Hand
from syncagent.model.values import fixed


@fixed
class Standing:
    """How it stands: the file (or what the system has in its place), and what the system makes of it."""

    hand: Hand
    enabled: bool
    supervised: bool | None
    """Whether the system runs it, and starts it again when it fails; None: it does not say."""


class LoginItem(Protocol):
    """One job, with the system that is to start it."""

    @property
    def kind(self) -> str:
        """What starts it, in a word."""
        ...

    @property
    def where(self) -> str:
        """The file, or the name of what the system keeps itself."""
        ...

    def look(self) -> Standing: ...

    def on(self, *, force: bool, start: bool) -> list[str]:
        """Let it start at login, and, if ``start``, now."""
        ...

    def off(self, *, force: bool) -> list[str]: ...
