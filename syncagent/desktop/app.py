"""`syncagent tray`: one for each user and data directory, until the person quits or the session ends.

The tray has no state but what ``remembered`` keeps: killed and started anew it shows the same.  It outlives the agent,
and the agent outlives it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from syncagent.agent.autostart.job import job_name
from syncagent.agent.lock import hold
from syncagent.agent.places import Places, places
from syncagent.control import ControlClient
from syncagent.desktop import actions
from syncagent.desktop.actions import Place
from syncagent.desktop.chosen import Chosen
from syncagent.desktop.deeds import DesktopDeeds
from syncagent.desktop.listening import Listening
from syncagent.desktop.notices import Notice
from syncagent.desktop.ports import Bell, Panel
from syncagent.desktop.remembered import recall, remember
from syncagent.desktop.tray import Tray
from syncagent.errors import AlreadyRunning, SyncAgentError
from syncagent.model.values import fixed, replace
from syncagent.private import make_private

if TYPE_CHECKING:
    from syncagent.desktop.bus.host import Host

TRAY_SECONDS: Final = 6.0
"""So long after a login may a panel come later than we do, before it is said that there is none."""

NO_TRAY: Final = (
    "this desktop shows no tray icons. On GNOME install the extension AppIndicator (Debian, Ubuntu: "
    "gnome-shell-extension-appindicator; Fedora: gnome-shell-extension-appindicator), then log in again; "
    "other panels need a StatusNotifier plugin, and those that know older icons alone (trayer, stalonetray) snixembed"
)
INSTEAD: Final = "`syncagent page` shows the agent's page, `syncagent status` how it stands"
GOES_ON: Final = "Notifications are shown all the same, and the icon once there is a tray"

_log: Final = logging.getLogger(__name__)


@fixed
class Options:
    """``tray`` False: no icon is shown, only notifications.  ``open_page``: show the page at once.  ``tell`` shows a
    line to whoever has started it."""

    tell: Callable[[str], None]
    tray: bool = True
    open_page: bool = False
    symbolic: bool = False


def run_tray(spot: Places, options: Options) -> None:
    """Show the tray until it is quit.  Raises AlreadyRunning, NoBus."""
    make_private(spot.data_dir)
    try:
        with hold(spot.tray_lock):
            if sys.platform == "linux":
                asyncio.run(_through_sessions(spot, options))
            else:
                from syncagent.desktop import elsewhere  # noqa: PLC0415 - pystray looks for a screen when it is loaded

                elsewhere.run(spot, options)
    except AlreadyRunning:
        if not options.open_page:
            raise AlreadyRunning("the tray is running already; --open shows the agent's page") from None
        _doing(spot).do(actions.OpenPage(Place.STATUS), "")


async def _through_sessions(spot: Places, options: Options) -> None:
    """A connection to the bus that broke is made anew; a session that is over ends the tray."""
    from syncagent.desktop.bus.panel import NoBus  # noqa: PLC0415 - Linux alone has a bus

    try:
        again = not await _on_linux(spot, options)
    except NoBus as error:
        raise NoBus(f"{error}; {INSTEAD}") from None
    while again:
        try:
            again = not await _on_linux(spot, replace(options, open_page=False))
        except NoBus:
            return


async def _on_linux(spot: Places, options: Options) -> bool:
    """Show the tray on the session bus; whether the person has quit."""
    from syncagent.desktop.bus.panel import BusPanel, gone, session_bus  # noqa: PLC0415 - Linux alone has a bus

    bus = await session_bus()
    async with contextlib.AsyncExitStack() as stack:
        chosen: list[Tray] = []
        panel = BusPanel(bus, _name(spot), lambda action: chosen[0].choose(action), _panel_changed)  # noqa: PLW0108
        stack.callback(panel.end)
        tray = await stack.enter_async_context(at_work(spot, options, panel, panel.bell))
        chosen.append(tray)
        ringing = asyncio.ensure_future(panel.bell.run())
        ends = [asyncio.ensure_future(tray.over.wait()), asyncio.ensure_future(gone(bus)), ringing]
        try:
            if options.tray:
                await panel.begin()
                asyncio.get_running_loop().call_later(TRAY_SECONDS, _look_for_tray, panel.host, tray, options)
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in ends:
                one.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        return tray.over.is_set()


@contextlib.asynccontextmanager
async def at_work(spot: Places, options: Options, panel: Panel, bell: Bell) -> AsyncIterator[Tray]:
    """The tray, hearing from the agent; whatever panel and bell are."""
    loop = asyncio.get_running_loop()
    settings = Chosen(spot)

    def begin(deed: Callable[[], None]) -> None:
        loop.run_in_executor(None, deed)

    tray: Tray
    deeds = DesktopDeeds(
        spot,
        begin=begin,
        ring=lambda notice: _call_in(loop, bell.ring, notice),
        set_level=settings.write,
        quit=lambda: _call_in(loop, lambda: tray.over.set()),  # noqa: PLW0108 - there is no tray yet
    )
    tray = Tray(
        panel, bell, deeds, remembered=recall(spot.tray), keep=lambda what: remember(spot.tray, what),
        level=settings.read(), symbolic=options.symbolic, is_set_up=settings.is_set_up,
    )  # fmt: skip

    def hear(said: Mapping[str, Any] | None) -> None:
        tray.set_level(settings.read())
        tray.hear(said)

    listening = Listening(ControlClient(spot.control), lambda said: _call_in(loop, hear, said))
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # not in every thread, nor everywhere
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, tray.over.set)
    tray.look()
    listening.begin()
    if options.open_page:
        tray.choose(actions.OpenPage(Place.STATUS))
    try:
        yield tray
    finally:
        listening.end()
        tray.end()


def _panel_changed(shown: bool) -> None:
    _log.info("the icon is %s", "shown by a panel" if shown else "not shown by any panel")


def _look_for_tray(host: Host, tray: Tray, options: Options) -> None:
    """It is said where it was started, each time; on the screen once, and the page opens as what there is instead."""
    if host.shown or tray.over.is_set():
        return
    _log.info("%s", NO_TRAY)
    options.tell(f"syncagent: {NO_TRAY}. {GOES_ON}; `syncagent page` shows the agent's page")
    look = actions.OpenPage(Place.STATUS)
    notice = Notice(
        "no-tray", "There is no tray here", f"{NO_TRAY[:1].upper()}{NO_TRAY[1:]}. {GOES_ON}.", False,
        (("Open the page", look),), look,
    )  # fmt: skip
    if tray.say_no_tray(notice) and tray.standing.running:
        tray.choose(look)


def _name(spot: Places) -> str:
    """Panels tell icons apart by this, and remember by it where a person wants one."""
    usual = places().data_dir
    return job_name(spot.data_dir, usual)


def _doing(spot: Places) -> DesktopDeeds:
    """Deeds without a tray."""

    def fail(notice: Notice) -> None:
        raise SyncAgentError(notice.body)

    return DesktopDeeds(spot, begin=lambda deed: deed(), ring=fail, set_level=lambda _: None, quit=lambda: None)


def _call_in(loop: asyncio.AbstractEventLoop, what: Callable[..., object], *with_what: object) -> None:
    """From another thread; a loop that is closed has nobody left to tell."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(what, *with_what)
