"""Puts the halves together: the one module that sees both the hub and the agent's runtime.

Each function here runs until it is told to stop, and gives the exit code.  SIGINT and SIGTERM cancel the agent's task,
which means: stop cleanly.  In ``up`` the hub runs in the agent's event loop; it is there before the agent, and goes
after it.  Each half is brought in by what starts it, and not with this module: an agent that never runs a hub would
carry 25 MB of it, and of what serves HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from syncagent import heap
from syncagent.agent.logs import Echo, end, log_to, tune
from syncagent.agent.priority import HERE
from syncagent.agent.signals import on_signal
from syncagent.cli.exits import Exit
from syncagent.control import ControlClient
from syncagent.model.acts import DEFAULT_LIMITS, Limits
from syncagent.model.values import fixed
from syncagent.private import make_private

if TYPE_CHECKING:
    from syncagent.agent.config.reading import Source
    from syncagent.agent.config.settings import AgentConfig, Settings
    from syncagent.agent.foretold import Foretold
    from syncagent.agent.household import Tune
    from syncagent.hub.app import HubConfig
    from syncagent.hub.brake import BrakeRules


@fixed
class Start:
    """With what an agent starts: where its settings come from, and what is said of the profile that they name.
    ``key`` is the key that the environment gave, if it gave one; ``new_folder``: whichever folder is there is right."""

    source: Source
    key: str = ""
    new_hub: bool = False
    new_folder: bool = False


def run_agent_alone(start: Start) -> int:
    """`run`: an agent for hubs that are elsewhere."""
    import syncagent.agent.household  # noqa: F401, PLC0415 - see the module; before the loop: `_collect_rarely`

    with _prepared(start, Echo.ALL) as go_by:
        return asyncio.run(until_signal(_keep(start, start.source, go_by, lambda: None)))


async def _keep(
    start: Start, source: Source, go_by: Tune, ready: Callable[[], None], strangers: Collection[str] | None = None
) -> int:
    """``ready`` is called when commands are heard; ``strangers`` are the profiles whose hub may be another one than
    before."""
    from syncagent.agent.household import Household  # noqa: PLC0415 - see the module

    if strangers is None:
        strangers = [source.places.profile] if start.new_hub else []
    return await Household(source, key=start.key, strangers=strangers, tune=go_by).run(ready)


def run_hub_alone(
    directory: Path, host: str, port: int, *, insecure: bool, key: str, brake: BrakeRules, min_free: str
) -> int:
    """`hub`: a hub for agents that are elsewhere.  ``key`` may be empty once the hub has keys."""
    from syncagent.hub.app import HubConfig, run_hub  # noqa: PLC0415 - see the module

    config = HubConfig(
        data_dir=directory, host=host, port=port, insecure=insecure, bootstrap_key=key, brake=brake, min_free=min_free
    )
    handler = log_to(make_private(directory / "logs") / "hub.log", secrets=[key], echo=Echo.ALL)
    try:
        return asyncio.run(until_signal(run_hub(config)))
    finally:
        end(handler)


def check_stopped_hub(directory: Path) -> dict[str, Any]:
    """`hub fsck` where no hub runs."""
    from syncagent.hub.checkup import check_stopped  # noqa: PLC0415 - see the module

    return check_stopped(directory).as_dict()


def brake_rules(*, on: bool, files: int, share: float, most: int) -> BrakeRules:
    """From which limit on the hub holds what one client deletes and overwrites."""
    from syncagent.hub.brake import BrakeRules  # noqa: PLC0415 - see the module

    return BrakeRules(on=on, limits=Limits(files, share, most))


def run_up(start: Start, ready: Callable[[Settings], None], *, seen: bool) -> int:
    """`up`: the agent, and its own hub where the settings say so.  ``ready`` is called when the hub listens; ``seen``
    says whether someone sits before it, who is told of trouble."""
    from syncagent.cli.live import live_status  # noqa: PLC0415 - see the module

    echo = Echo.TROUBLE if seen else Echo.NONE
    with _prepared(start, echo) as go_by, live_status(ControlClient(start.source.places.control)):
        return asyncio.run(until_signal(_up(start, ready, go_by)))


async def foresee_with_own_hub(config: AgentConfig, *, new_folder: bool, tell: Callable[[str], None]) -> Foretold:
    """`up --dry-run`: its hub does not run, so a copy of what that remembers is asked in its place."""
    from syncagent.agent.foresight import foresee  # noqa: PLC0415 - see the module
    from syncagent.hub.app import Hub, HubConfig  # noqa: PLC0415 - see the module

    database = config.places.hub / "hub.db"
    if not database.exists():
        return await foresee(config, new_folder=new_folder, own_hub=True, tell=tell)
    with tempfile.TemporaryDirectory(prefix="syncagent-dry-run-") as aside:
        for one in database.parent.glob("hub.db*"):
            shutil.copyfile(one, Path(aside, one.name))
        key = config.api_key.get_secret_value()
        async with Hub(HubConfig(data_dir=Path(aside), host="127.0.0.1", port=0, bootstrap_key=key)) as hub:
            there = config.model_copy(update={"server": f"ws://127.0.0.1:{hub.port}", "fingerprint": ""})
            return await foresee(there, new_folder=new_folder, tell=tell)


def own_hub(config: AgentConfig) -> HubConfig:
    """The hub of `up`.  Its brake goes by the same settings as the agent's: it is one person who has set them."""
    from syncagent.agent.config.kinds import host_and_port  # noqa: PLC0415 - see the module
    from syncagent.hub.app import HubConfig  # noqa: PLC0415 - see the module

    host, port = host_and_port(config.listen)
    return HubConfig(
        data_dir=make_private(config.places.hub), host=host, port=port,
        bootstrap_key=config.api_key.get_secret_value(),
        brake=_brake_of(config), min_free=config.min_free,
    )  # fmt: skip


def _brake_of(config: AgentConfig) -> BrakeRules:
    from syncagent.hub.brake import BrakeRules  # noqa: PLC0415 - see the module

    return BrakeRules(on=config.limits is not None, limits=config.limits or DEFAULT_LIMITS)


async def _up(start: Start, ready: Callable[[Settings], None], go_by: Tune) -> int:
    chosen = start.source.places.profile
    read = {name: one.settings for name, one in start.source.read().items() if one.settings is not None}
    here = next(((name, settings) for name, settings in read.items() if settings.listen), None)
    if here is None:
        running = read.get(chosen) or next(iter(read.values()))
        return await _keep(start, start.source, go_by, lambda: ready(running))
    from syncagent.agent.config.identity import agent_config  # noqa: PLC0415 - see the module
    from syncagent.agent.config.writing import write_settings  # noqa: PLC0415 - see the module
    from syncagent.agent.keys import load_key  # noqa: PLC0415 - see the module
    from syncagent.agent.reach import reach_own_hub  # noqa: PLC0415 - see the module
    from syncagent.hub.app import Hub  # noqa: PLC0415 - see the module

    name, settings = here
    spot = start.source.places.of(name)
    key = (start.key if name == chosen else "") or load_key(spot)
    hub = own_hub(agent_config(settings, spot, key))
    # A hub of our own that was lost is no stranger: what it had, the folder has, and gives it.
    new_hub = not (spot.hub / "hub.db").exists()
    async with contextlib.AsyncExitStack() as stack:
        opened = await stack.enter_async_context(Hub(hub))
        reached = {**reach_own_hub(hub.host, hub.port), "fingerprint": opened.fingerprint}
        if any(getattr(settings, key) != value for key, value in reached.items()):
            write_settings(spot, reached)
        known = settings.model_copy(update=reached)
        shown = known if name == chosen else read.get(chosen, known)

        def told(configs: Mapping[str, AgentConfig]) -> None:
            go_by(configs)
            if name in configs:
                tasks.append(asyncio.ensure_future(opened.go_by(_brake_of(configs[name]))))
                tasks[:] = [task for task in tasks if not task.done()]

        tasks: list[asyncio.Future[None]] = []
        strangers = {*([chosen] if start.new_hub else []), *([name] if new_hub else [])}
        return await _keep(start, start.source.fixing(name, reached), told, lambda: ready(shown), strangers)


@contextlib.contextmanager
def _prepared(start: Start, echo: Echo) -> Iterator[Tune]:
    """The data directory's lock is held, and what is logged goes to its log; gives what tunes that to the settings."""
    from syncagent.agent.lock import hold  # noqa: PLC0415 - see the module

    spot = start.source.places
    with hold(spot.lock):
        if start.new_folder:
            from syncagent.agent.premises import forget_folder  # noqa: PLC0415 - see the module

            forget_folder(spot)
        handler = log_to(spot.log, secrets=[start.key], echo=echo)

        def go_by(configs: Mapping[str, AgentConfig]) -> None:
            secrets = [start.key, *(secret for config in configs.values() for secret in config.secrets)]
            for config in list(configs.values())[:1]:  # the log is one for all
                HERE.go_by(config.priority)
                tune(handler, level=config.log_level, form=config.log_format, secrets=secrets)

        try:
            yield go_by
        finally:
            end(handler)


LOOK_SECONDS: Final = 1.0
"""How often it is asked whether memory that is kept for nothing should be given back."""

LATER_SECONDS: Final = 5.0
"""After so long it is done again: some of it is let go of only when nothing has happened for a while."""

REST_SECONDS: Final = 30.0
"""So seldom at rest: nothing should wake a process that has nothing to do."""

QUIET_SECONDS: Final = 0.01
"""Of the processor: with no more of it between two looks, a burst is over."""

WORTH_SECONDS: Final = 0.2
"""Of the processor: what has taken less has left little behind."""

LONG_SECONDS: Final = 3.0
"""Of the processor: after so much there is something to give back, though it still goes on."""


async def until_signal(work: Coroutine[Any, Any, int | None]) -> int:
    """Run ``work``; SIGINT or SIGTERM cancel it, and that is its clean end."""
    _collect_rarely()
    told = False
    task = asyncio.ensure_future(work)
    heap.keep_freed()
    trimming = asyncio.ensure_future(_give_back())

    def stop() -> None:
        nonlocal told
        told = True
        task.cancel()

    try:
        with on_signal(stop):
            return await task or Exit.OK
    except asyncio.CancelledError:
        if not told:
            raise
        return Exit.OK
    finally:
        trimming.cancel()


def _collect_rarely() -> None:
    """Hardly anything here is garbage in circles, and what is kept is kept for long.  As Python has it by default, a
    tenth of the CPU that ten thousand files take goes into looking through all that is kept, again and again.  What a
    start has left stays: it is less than a MiB, and to look for it would take 30 ms."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@dataclass(slots=True)
class Spent:
    """The seconds of the processor since something was given back.

    What is done now and then, an edit here and there, leaves hardly anything, and to give that back takes longer than
    tens of edits: of that it takes as much as of a burst that goes on."""

    seconds: float = 0.0
    in_bursts: float = 0.0

    def is_worth_it(self, taken: float) -> bool:
        """So many more were ``taken`` since the last look: whether there is something to give back now."""
        quiet = taken < QUIET_SECONDS
        self.seconds += taken
        self.in_bursts += 0.0 if quiet else taken
        if self.seconds <= LONG_SECONDS and not (quiet and self.in_bursts > WORTH_SECONDS):
            return False
        self.seconds = self.in_bursts = 0.0
        return True


async def _give_back() -> None:
    spent, due, before = Spent(), 0, 0.0  # what the start has taken counts, too: it leaves something
    pause = LOOK_SECONDS
    while True:
        await asyncio.sleep(pause)
        now = time.process_time()
        taken, before = now - before, now
        if spent.is_worth_it(taken):
            due = 2
        if due:
            due -= 1
            if due:
                gc.collect()
            await asyncio.to_thread(heap.give_back)
            if due:  # once
                heap.let_go_of_code()
            before = time.process_time()
        pause = LATER_SECONDS if due else REST_SECONDS if taken < QUIET_SECONDS else LOOK_SECONDS
