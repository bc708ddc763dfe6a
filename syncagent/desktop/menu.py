"""The menu of the tray, and what the tooltip says.  Pure: how things stand becomes entries.

Each entry has a key that stays the same for as long as it means the same: an open menu is brought up to date, and does
not jump.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePath
from typing import Final, TypeAlias

from syncagent.agent.hours import clock
from syncagent.agent.logs import visible
from syncagent.desktop import actions
from syncagent.desktop.actions import Action, Place
from syncagent.desktop.notify import Level, Wishes
from syncagent.desktop.standing import Recent, Standing
from syncagent.engine.lines import counted
from syncagent.model.values import fixed

LONGEST: Final = 60
"""Characters of a name in the menu; the middle of longer ones is left out."""

WIDE: Final = 72
"""The same of the tooltip."""

SHOWN: Final = 12
"""Changes in the menu; the page has the others."""

DETAILS: Final = 2

LEVELS: Final = {
    Level.ALL: "Everything",
    Level.IMPORTANT: "Only what needs me",
    Level.NONE: "Nothing",
}


@fixed
class Item:
    """``action`` None: it cannot be chosen.  ``chosen`` is not None for one of a choice.  What comes and goes often is
    ``shown`` or not: then the rest of an open menu stays where it is."""

    key: str
    label: str
    action: Action | None = None
    children: tuple[Entry, ...] = ()
    chosen: bool | None = None
    shown: bool = True

    @property
    def enabled(self) -> bool:
        return self.action is not None or bool(self.children)


@fixed
class Line:
    """Between groups."""

    key: str


Entry: TypeAlias = Item | Line


def menu(standing: Standing, wishes: Wishes, now: float) -> tuple[Entry, ...]:
    """All entries.  ``now`` is in seconds since 1970."""
    return tuple(_entries(standing, wishes, now))


def tooltip(standing: Standing, now: float) -> tuple[str, str]:
    """A title and a text."""
    details = list(standing.details)
    if standing.paused and standing.until is not None:
        details.insert(0, f"Until {_clock(standing.until, now)}")
    details.extend(in_home(root) for root in standing.roots or (standing.root,) if root)
    return shortened(standing.headline, WIDE), "\n".join(shortened(line, WIDE) for line in details)


def _entries(standing: Standing, wishes: Wishes, now: float) -> Iterator[Entry]:
    headline = standing.headline
    if standing.paused and standing.until is not None:
        headline = f"{headline} until {_clock(standing.until, now)}"
    yield Item("headline", shortened(headline))
    for number in range(DETAILS):
        text = standing.details[number] if number < len(standing.details) else ""
        yield Item(f"detail-{number}", shortened(text), shown=bool(text))
    if not standing.set_up:
        yield Item("setup", "Set up…", actions.SetUp())
    elif not standing.running:
        yield Item("start", "Start syncing", actions.Start())
    yield Line("line-folder")
    yield from _folders(standing)
    yield Item("recent", "Recent changes", children=tuple(_recent(standing, now)))
    yield from _needed(standing)
    if standing.running:
        yield Line("line-pause")
        yield from _pausing(standing)
    yield Line("line-page")
    if standing.running:
        yield Item("page", "Open syncagent", actions.OpenPage(Place.STATUS))
        yield Item("preferences", "Preferences…", actions.OpenPage(Place.PREFERENCES))
    yield Item("notify", "Notifications", children=tuple(_notifying(wishes, now)))
    yield Item("help", "Help", actions.Help())
    yield Line("line-quit")
    if standing.running:
        yield Item("quit", "Quit (syncing goes on)", actions.Quit())
        yield Item("stop", "Stop syncing and quit", actions.StopAndQuit())
    else:
        yield Item("quit", "Quit", actions.Quit())


def _folders(standing: Standing) -> Iterator[Entry]:
    if len(standing.roots) > 1:
        for number, root in enumerate(standing.roots):
            label = f"Open the folder “{shortened(PurePath(root).name, 30)}”"
            yield Item("folder" if number == 0 else f"folder-{number}", label, actions.OpenFolder(root))
        return
    folder = PurePath(standing.root).name if standing.root else ""
    label = f"Open the folder “{shortened(folder, 30)}”" if folder else "Open the folder"
    yield Item("folder", label, actions.OpenFolder() if standing.root else None)


def _needed(standing: Standing) -> Iterator[Entry]:
    """What waits for the person."""
    if standing.held or standing.conflicts or standing.troubles:
        yield Line("line-needed")
    for one in standing.held:
        label = f"Held: {one.text}"
        yield Item(f"held-{one.key}", f"{label}…", actions.OpenPage(Place.HELD))
    if standing.conflicts:
        label = f"{counted(standing.conflicts, 'conflict')}…"
        yield Item("conflicts", label, actions.OpenPage(Place.CONFLICTS))
    for trouble in standing.troubles:
        label = shortened(trouble.text[:1].upper() + trouble.text[1:])
        yield Item(f"trouble-{trouble.kind}", label, actions.OpenPage(Place.STATUS))


def _recent(standing: Standing, now: float) -> Iterator[Entry]:
    for number, one in enumerate(standing.recent[:SHOWN]):
        yield Item(f"recent-{number}", recent_in_words(one, now), actions.ShowFile(one.path, one.root))
    if not standing.recent:
        yield Item("recent-none", "Nothing yet")
    elif standing.running:
        yield Line("line-activity")
        yield Item("activity", "Show all…", actions.OpenPage(Place.ACTIVITY))


def _pausing(standing: Standing) -> Iterator[Entry]:
    if standing.paused:
        yield Item("resume", "Resume syncing", actions.Resume())
    elif standing.spared:
        yield Item("resume", "Sync everything all the same", actions.Resume())
    choices = (
        Item("pause-30", "For 30 minutes", actions.PauseFor(1800)),
        Item("pause-60", "For 1 hour", actions.PauseFor(3600)),
        Item("pause-tomorrow", "Until tomorrow", actions.PauseUntilTomorrow()),
        Item("pause-open", "Until I resume", actions.PauseUntilResumed()),
    )
    label = "Pause for another time" if standing.paused else "Pause"
    yield Item("pause", label, children=choices)
    yield Item("sync", "Sync now", None if standing.paused else actions.SyncNow())


def _notifying(wishes: Wishes, now: float) -> Iterator[Entry]:
    for level, label in LEVELS.items():
        yield Item(f"notify-{level.value}", label, actions.SetLevel(level), chosen=wishes.level is level)
    if wishes.level is Level.NONE:
        return
    yield Line("line-snooze")
    if wishes.snoozed(now):
        yield Item("snoozed", f"Quiet until {_clock(wishes.snoozed_until, now)}")
        yield Item("snooze-off", "Notify me again now", actions.Snooze(0))
        return
    yield Item("snooze-30", "Quiet for 30 minutes", actions.Snooze(1800))
    yield Item("snooze-60", "Quiet for 1 hour", actions.Snooze(3600))
    yield Item("snooze-480", "Quiet for 8 hours", actions.Snooze(8 * 3600))


def recent_in_words(one: Recent, now: float) -> str:
    """``report.docx: changed by desk, 14:05``."""
    by = f" by {shortened(one.by, 24)}" if one.by else " here"
    return f"{shortened(PurePath(one.path).name, 40)}: {one.what}{by}, {_clock(one.time, now)}"


def shortened(text: str, most: int = LONGEST) -> str:
    """``text`` in one line, its middle left out where it is too long: the end of a name tells files apart."""
    text = visible(" ".join(text.split()))
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 1].rstrip()}…{text[-end:].lstrip()}"


def in_home(path: str) -> str:
    """``~/Sync`` for what lies in the home directory."""
    try:
        inner = PurePath(path).relative_to(Path.home())
    except ValueError:
        return path
    return f"~/{inner}" if inner.parts else "~"


def _clock(then: float, now: float) -> str:
    # By the clock on the wall.
    return clock(datetime.fromtimestamp(then), datetime.fromtimestamp(now))  # noqa: DTZ006
