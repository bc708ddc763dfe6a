"""What is behind the tray, whatever the system: a panel, a place for notifications, and what a choice does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from syncagent.desktop.actions import Action
from syncagent.desktop.menu import Entry
from syncagent.desktop.notices import Notice
from syncagent.model.values import fixed

Choose = Callable[[Action], None]
"""A person has chosen this; called in the event loop."""


@fixed
class View:
    """All that a panel shows.  ``icon`` is a name; ``title`` and ``text`` are the tooltip's."""

    icon: str
    title: str
    text: str
    menu: tuple[Entry, ...]
    needs_person: bool


class Panel(Protocol):
    """Where our icon is."""

    def show(self, view: View) -> None:
        """From now on show this; what has not changed costs nothing."""


class Bell(Protocol):
    """Where notifications are shown."""

    def ring(self, notice: Notice) -> None:
        """Show it, in the place of an older one of the same key."""

    def withdraw(self, key: str) -> None:
        """It is no longer so: take it away, if it is still there."""


class Deeds(Protocol):
    """Carries out what was chosen."""

    def carry_out(self, action: Action, root: str) -> None:
        """Begin it; what goes wrong is told by a notification."""
