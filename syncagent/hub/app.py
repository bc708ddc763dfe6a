"""The hub, put together: directory, lock, store, keys, certificate, and the port that it listens on.

async with Hub(config) as hub: …         for those that run a hub beside other things
await run_hub(config)                    until it is cancelled, which means: stop cleanly
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from syncagent import __version__
from syncagent.control import ControlServer
from syncagent.errors import BadConfig
from syncagent.hub.auth import BOOTSTRAP, WEAK_BYTES, KeyRing, bootstrap_key, matches, new_key
from syncagent.hub.brake import Brake, BrakeRules
from syncagent.hub.gate import Caps, Doorway, Gate
from syncagent.hub.hall import Hall
from syncagent.hub.healing import Healing
from syncagent.hub.keeper import Keeper
from syncagent.hub.premises import block_files, has_lost_its_database, held, open_store
from syncagent.hub.reception import Reception
from syncagent.hub.room import HubRoom
from syncagent.hub.rows import Folder
from syncagent.hub.rules import Rules
from syncagent.hub.runs import Runs
from syncagent.hub.stores.ports import Store
from syncagent.hub.tls import Identity, identity
from syncagent.hub.worker import Worker
from syncagent.listening import let_in_nobody_more
from syncagent.model.link import Link, format_link
from syncagent.model.values import fixed
from syncagent.private import control_socket

DEFAULT_FOLDER: Final = "default"
STOP_SECONDS: Final = 5.0
_HANDSHAKE_SECONDS: Final = 10.0
_BACKLOG: Final = 1024
_PARTS_AT_ONCE: Final = 2
"""So many parts of large files are written at once: one while the disk makes the other durable."""
_ACCEPTED_AT_ONCE: Final = 64
"""The loop looks at what is said between so many newcomers: whoever says something is not pushed out by a flood."""
_ANY: Final = ("0.0.0.0", "::", "")  # noqa: S104 - not bound to here, only recognised
_LOG: Final = logging.getLogger("syncagent.hub")


@fixed
class HubConfig:
    """``data_dir`` holds all that the hub keeps; ``min_free`` of its disk (bytes, or a part: ``1%``) is no room for
    content.  Beyond loopback the hub speaks TLS, unless ``insecure``.  Port 0 is one that is free.  ``bootstrap_key``
    replaces the one of the last start; "" keeps it, or makes one."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8765
    insecure: bool = False
    bootstrap_key: str = field(default="", repr=False)
    rules: Rules = field(default_factory=Rules)
    caps: Caps = field(default_factory=Caps)
    brake: BrakeRules = field(default_factory=BrakeRules)
    min_free: str = "0"


class Hub:
    """A hub that can be started and stopped once."""

    def __init__(self, config: HubConfig) -> None:
        self._config = config
        self._identity: Identity | None = None
        self._cleanup = contextlib.AsyncExitStack()
        self._doorway = Doorway(config.caps)
        self._told: Callable[[BrakeRules], Awaitable[None]] | None = None
        self.port = config.port
        """Where it listens, once it is started."""
        self.made_key = ""
        """The key that was made at this start, because there was none.  It is kept nowhere."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in lower-case hexadecimal; "" without TLS."""
        return self._identity.fingerprint if self._identity else ""

    @property
    def url(self) -> str:
        host = f"[{self._config.host}]" if ":" in self._config.host else self._config.host
        return f"{'wss' if self._identity else 'ws'}://{host}:{self.port}"

    def link(self, key: str) -> str:
        """The link with which another machine joins the hub's first folder."""
        host = self._config.host
        if host in _ANY:
            host = socket.gethostname()
        server = f"{'wss' if self._identity else 'ws'}://{f'[{host}]' if ':' in host else host}:{self.port}"
        return format_link(Link(server, key, DEFAULT_FOLDER, self.fingerprint))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the store, and listen.

        Raises AlreadyRunning when another hub has the directory, BadConfig when it cannot listen there, or the store is
        not one that it knows; StorageFull, StorageTrouble.
        """
        try:
            await self._start()
        except BaseException:
            await self._cleanup.aclose()
            raise

    async def stop(self) -> None:
        """Tell everyone, finish what was begun, close the store."""
        await self._cleanup.aclose()

    async def go_by(self, rules: BrakeRules) -> None:
        """Another brake from now on.  Only while it runs."""
        assert self._told is not None
        await self._told(rules)

    async def _start(self) -> None:
        config = self._config
        self._cleanup.enter_context(held(config.data_dir))
        if not config.insecure and not is_loopback(config.host):
            self._identity = identity(config.data_dir, config.host)
        files = block_files(config.data_dir)
        room = HubRoom(config.data_dir, config.min_free)
        files.refuses = room.refuses
        self._cleanup.callback(files.close)
        threads = self._cleanup.enter_context(ThreadPoolExecutor(_PARTS_AT_ONCE, thread_name_prefix="hub-files"))
        hall = Hall(config.rules, config.caps.per_key, threads)
        brake = Brake(config.brake)
        if lost := has_lost_its_database(config.data_dir):
            _LOG.warning("%s", lost)
        worker = Worker(
            lambda: open_store(config.data_dir, files), time.time_ns, hall.deliver, brake, refuses=room.refuses
        )
        store = await worker.start()
        self._cleanup.push_async_callback(worker.stop)
        ring, folders, runs = await worker.call(lambda store: self._prepare(store, brake))
        hall.open(worker, store.blocks, store.journal.hub_id, runs, folders, ring)
        healing = asyncio.create_task(Healing(worker, hall, config.rules.heal).run())
        self._cleanup.push_async_callback(_cancelled, healing)
        self._told = lambda rules: worker.call(lambda _: brake.go_by(rules))
        keeper = Keeper(worker, brake, time.monotonic, hall.lacked.set, room, hall.present)
        ear = ControlServer(control_socket(config.data_dir.absolute()), keeper.handle, who="hub")
        await self._cleanup.enter_async_context(ear)
        await self._listen(hall)

    def _prepare(self, store: Store, brake: Brake) -> tuple[KeyRing, list[Folder], Runs]:
        """On the store's thread: the folder that every hub has, the key that it was started with, and the new run."""
        store.journal.make_folder(DEFAULT_FOLDER)
        known = {key.id: key for key in store.keys.all()}
        given = self._config.bootstrap_key
        if given and (BOOTSTRAP not in known or not matches(known[BOOTSTRAP], given)):
            store.keys.put(bootstrap_key(given))
            if len(given) < WEAK_BYTES:
                _LOG.warning("the key that was given is short enough to be guessed")
        elif not given and not known:
            self.made_key, key = new_key(label="made at the first start")
            store.keys.put(key)
        folders = store.journal.folders()
        if self._config.brake.on:
            for folder in folders:
                store.journal.living_files(folder.id)
            for held_in, client in store.journal.noted_held():
                brake.hold_again(held_in, client)
        return KeyRing(store.keys.all()), folders, store.journal.begin_run()

    async def _listen(self, hall: Hall) -> None:
        reception = Reception(hall, __version__)
        self._cleanup.push_async_callback(reception.close)
        loop = asyncio.get_running_loop()
        context = self._identity.context if self._identity else None
        try:
            server = await loop.create_server(
                lambda: Gate(self._doorway, reception.newcomer()), self._config.host, self._config.port, ssl=context,
                ssl_handshake_timeout=_HANDSHAKE_SECONDS if context else None, backlog=_ACCEPTED_AT_ONCE,
            )  # fmt: skip
        except OSError as trouble:
            at = f"{self._config.host}:{self._config.port}"
            # The loop's own words for it say the address a second time.
            number = trouble.errno or 0
            reason = os.strerror(number) if number > 0 else trouble.strerror or str(trouble)
            taken = "; choose another port" if number == errno.EADDRINUSE else ""
            raise BadConfig(f"the hub cannot listen on {at}: {reason}{taken}") from trouble
        for listening in server.sockets:
            with listening.dup() as same:
                same.listen(_BACKLOG)  # the loop has only one number for both
        self.port = int(server.sockets[0].getsockname()[1])
        self._cleanup.push_async_callback(self._hang_up, hall, server)
        _LOG.info("listening on port %d%s", self.port, " with TLS" if context else "")

    async def _hang_up(self, hall: Hall, server: asyncio.Server) -> None:
        await let_in_nobody_more(server)
        server.close()
        hall.stop()
        await hall.emptied(STOP_SECONDS)
        _LOG.info("stopped")


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on ``host``."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


async def run_hub(config: HubConfig) -> None:
    """Run a hub until it is cancelled; then stop it cleanly.  Raises what ``Hub.start`` raises."""
    allow_many_files()
    async with Hub(config) as hub:
        words = [f"syncagent hub: {hub.url}"]
        if hub.fingerprint:
            words.append(f"certificate: SHA-256 {hub.fingerprint}")
        if hub.made_key:
            words.append(f"key (shown this once, and kept nowhere): {hub.made_key}")
            words.append(f"to add a machine, type there: syncagent join '{hub.link(hub.made_key)}'")
        # Not the log: a key is nothing for a file.
        sys.stdout.write("\n".join(words) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def allow_many_files() -> None:
    """Let this process have as many sockets open as the system allows it."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - there is none on other systems

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
