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
import signal
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from syncagent import heap
from syncagent.agent.config import AgentConfig, Settings, host_and_port, write_settings
from syncagent.agent.lock import hold
from syncagent.agent.logs import Echo, end, log_to
from syncagent.agent.reach import reach_own_hub
from syncagent.cli.exits import Exit
from syncagent.control import ControlClient
from syncagent.model.acts import DEFAULT_LIMITS, Limits
from syncagent.private import make_private

if TYPE_CHECKING:
    from syncagent.hub.app import HubConfig
    from syncagent.hub.brake import BrakeRules


def run_agent_alone(config: AgentConfig, *, new_folder: bool = False) -> int:
    """`run`: an agent for a hub that is elsewhere.  ``new_folder``: whichever folder is there, it is right."""
    from syncagent.agent.runtime import run_agent  # noqa: PLC0415 - see the module

    with _prepared(config, Echo.ALL, new_folder=new_folder):
        return asyncio.run(until_signal(run_agent(config)))


def run_hub_alone(directory: Path, host: str, port: int, *, insecure: bool, key: str, brake: BrakeRules) -> int:
    """`hub`: a hub for agents that are elsewhere.  ``key`` may be empty once the hub has keys."""
    from syncagent.hub.app import HubConfig, run_hub  # noqa: PLC0415 - see the module

    config = HubConfig(data_dir=directory, host=host, port=port, insecure=insecure, bootstrap_key=key, brake=brake)
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


def run_up(config: AgentConfig, ready: Callable[[Settings], None], *, seen: bool, new_folder: bool = False) -> int:
    """`up`: the agent, and its own hub where the settings say so.  ``ready`` is called when the hub listens; ``seen``
    says whether someone sits before it, who is told of trouble."""
    from syncagent.cli.live import live_status  # noqa: PLC0415 - see the module

    echo = Echo.TROUBLE if seen else Echo.NONE
    with _prepared(config, echo, new_folder=new_folder), live_status(ControlClient(config.places.control)):
        return asyncio.run(until_signal(_up(config, ready)))


def own_hub(config: AgentConfig) -> HubConfig:
    """The hub of `up`.  Its brake goes by the same settings as the agent's: it is one person who has set them."""
    from syncagent.hub.app import HubConfig  # noqa: PLC0415 - see the module
    from syncagent.hub.brake import BrakeRules  # noqa: PLC0415 - see the module

    host, port = host_and_port(config.listen)
    return HubConfig(
        data_dir=make_private(config.places.hub), host=host, port=port,
        bootstrap_key=config.api_key.get_secret_value(),
        brake=BrakeRules(on=config.limits is not None, limits=config.limits or DEFAULT_LIMITS),
    )  # fmt: skip


async def _up(config: AgentConfig, ready: Callable[[Settings], None]) -> int:
    from syncagent.agent.runtime import run_agent  # noqa: PLC0415 - see the module

    if not config.listen:
        ready(config)
        return await run_agent(config)
    from syncagent.hub.app import Hub  # noqa: PLC0415 - see the module

    hub = own_hub(config)
    # A hub of our own that was lost is no stranger: what it had, the folder has, and gives it.
    new_hub = config.new_hub or not (config.places.hub / "hub.db").exists()
    async with contextlib.AsyncExitStack() as stack:
        running = await stack.enter_async_context(Hub(hub))
        reached = {**reach_own_hub(hub.host, hub.port), "fingerprint": running.fingerprint}
        if any(getattr(config, name) != value for name, value in reached.items()):
            write_settings(config.places, reached)
        known = config.model_copy(update={**reached, "new_hub": new_hub})
        ready(known)
        return await run_agent(known)


@contextlib.contextmanager
def _prepared(config: AgentConfig, echo: Echo, *, new_folder: bool) -> Iterator[None]:
    """The data directory's lock is held, and what is logged goes to its log."""
    with hold(config.places.lock):
        if new_folder:
            from syncagent.agent.premises import forget_folder  # noqa: PLC0415 - see the module

            forget_folder(config)
        secrets = [config.api_key.get_secret_value()]
        handler = log_to(config.places.log, level=config.log_level, form=config.log_format, secrets=secrets, echo=echo)
        try:
            yield
        finally:
            end(handler)


TRIM_SECONDS: Final = 60.0
"""How often memory that is kept for nothing is given back."""


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

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        return await task or Exit.OK
    except asyncio.CancelledError:
        if not told:
            raise
        return Exit.OK
    finally:
        trimming.cancel()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _collect_rarely() -> None:
    """Hardly anything here is garbage in circles, and what is kept is kept for long.  As Python has it by default, a
    tenth of the CPU that ten thousand files take goes into looking through all that is kept, again and again."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _give_back() -> None:
    while True:
        await asyncio.sleep(TRIM_SECONDS)
        await asyncio.to_thread(heap.give_back)
