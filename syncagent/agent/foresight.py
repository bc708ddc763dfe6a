"""`--dry-run`: what would happen if an agent began here now.

The folder is looked at by the scanner, the hub's tree is read over a connection, and both are given to an engine like
any other, but for one thing: it is paused from its first moment on, so that nothing comes of what it knows.  Then the
planner is let through to the end on its trees (``planner.rehearsal``).  Not a byte is changed: nothing is taken, made
or marked in the folder; of the database there is a copy, elsewhere; the hub is asked, and told nothing.

In the event loop; what reads the disk does so in a thread.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from syncagent.agent.beginnings import introduction
from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.excluding import kept_in
from syncagent.agent.foretold import Foretold, foretell
from syncagent.agent.ids import RandomIds
from syncagent.agent.outside import REAL, Outside
from syncagent.agent.premises import look_in
from syncagent.agent.tally import START
from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.dialogue import Dialogue, Frame
from syncagent.engine.engine import Engine
from syncagent.errors import BadMessage, LinkLost, Refused, StorageTrouble
from syncagent.localfs.ports import MISSING, Abilities, Disk
from syncagent.localfs.root import Marker
from syncagent.localfs.scanner import Scanner
from syncagent.model.facts import LookAt, RulesSeen
from syncagent.model.ids import ROOT, ClientId, Digest, NodeId, Seq
from syncagent.model.names import Name, RelPath, join, split
from syncagent.model.nodes import File
from syncagent.model.values import replace
from syncagent.rules.layers import rule_files
from syncagent.sqlite import DatabaseDamaged
from syncagent.store.ports import INCARNATION, Loaded
from syncagent.transport.ports import Dialer, Link
from syncagent.trees.tree import find, path_of

ANSWER_SECONDS: Final = 30.0
"""So long may the hub take for one message."""

LARGEST_RULES: Final = 64 << 10
"""A rule file that is no larger is one block, which has the name of its content."""

Tell = Callable[[str], None]


async def foresee(
    config: AgentConfig, *, new_folder: bool = False, own_hub: bool = False, outside: Outside = REAL, tell: Tell
) -> Foretold:
    """What would happen if an agent began by ``config``; ``own_hub``: there is no hub yet, but one would be made, with
    nothing in it.

    Raises what would keep it from beginning: RootMissing, AlreadyRunning, StorageTrouble, BadConfig, Refused, LinkLost.
    """
    disk, marker = await asyncio.to_thread(look_in, config, new_folder=new_folder)
    loaded, objection = await asyncio.to_thread(_remembered, config, marker, outside)
    trial = _Trial(config, disk, marker, outside)
    tell(f"looking through {config.sync_root}")
    await trial.begin(loaded)
    tell("asking the hub what it has" if not own_hub else "there is no hub yet: one would be made here")
    await (trial.meet_new_hub() if own_hub else trial.meet(outside.dialer(config)))
    told = foretell(trial.engine, config, outside.today())
    if objection:
        told.warnings.append(f"{objection}: nothing that was agreed before counts, and both sides are united")
    told.warnings.extend(trial.warnings)
    return told


def _remembered(config: AgentConfig, marker: Marker | None, outside: Outside) -> tuple[Loaded, str]:
    """What is remembered, from a copy of the database; and why it does not count, where it does not."""
    nothing = Loaded((), {})
    database = config.places.database
    if not database.exists():
        return nothing, ""
    with tempfile.TemporaryDirectory(prefix="syncagent-dry-run-") as aside:
        for ending in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{database}{ending}", Path(aside, f"agent.db{ending}"))
        try:
            store = outside.database(str(Path(aside, "agent.db")))
            loaded = store.load()
            store.close()
        except DatabaseDamaged as damage:
            raise StorageTrouble(f"the agent's database cannot be read now: {damage}") from None
    if loaded.rows or loaded.facts.keys() - {INCARNATION}:
        marked = marker.start if marker is not None else ""
        if reason := outside.tally(config.places.state).objection(loaded.facts.get(START, ""), marked):
            return nothing, reason
    return loaded, ""


@dataclass(slots=True)
class _Trial:
    """An engine that is told all and does nothing."""

    config: AgentConfig
    disk: Disk
    marker: Marker | None
    outside: Outside
    warnings: list[str] = field(default_factory=list)
    engine: Engine = field(init=False)
    _scanner: Scanner = field(init=False)
    _todo: deque[ef.Effect] = field(default_factory=deque, init=False)
    _wake: float | None = field(default=None, init=False)
    _link: Link | None = field(default=None, init=False)
    _dialogue: Dialogue | None = field(default=None, init=False)
    _rules: dict[RelPath, bytes] = field(default_factory=dict, init=False)
    _blocks: dict[Digest, bytes] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        config = self.config
        gitignore = config.respect_gitignore
        self.engine = Engine(
            ClientId(config.client_id), config.name, RandomIds(), brake=config.limits, gitignore=gitignore
        )
        abilities = Abilities(folds_case=folds_case(self.disk))
        self._scanner = Scanner(self.disk, abilities, rule_files=rule_files(respect_gitignore=gitignore))

    # --- this side ----------------------------------------------------------------------------------------------

    async def begin(self, loaded: Loaded) -> None:
        """Remember, and look at everything.  Raises RootMissing, StorageTrouble, BadConfig."""
        config, marked = self.config, self.marker.hub_id if self.marker is not None else ""
        facts = {"hub_id": marked, **loaded.facts} | ({"hub_id": ""} if config.new_hub else {})
        try:
            parked = tuple(await asyncio.to_thread(self._scanner.parked))
            excluded = kept_in(config.places.state).load()
            rows = tuple(loaded.rows)
            self._feed(
                ev.Started(
                    rows, facts, loaded.recipes, parked, self.outside.today(),
                    acts=loaded.acts, parts=loaded.parts, excluded=excluded,
                )
            )  # fmt: skip
            self._feed(ev.Paused(paused=True))
            await self._look_on()
        except OSError as error:
            raise StorageTrouble(f"the folder cannot be read: {error.strerror or error}") from error

    def _feed(self, event: ev.Event) -> None:
        self._todo.extend(self.engine.step(event, asyncio.get_running_loop().time()))

    async def _look_on(self) -> None:
        """Look at what the engine wants to see, until it has seen all."""
        loop = asyncio.get_running_loop()
        while True:
            while self._todo:
                await self._do(self._todo.popleft())
            if not self.engine.present_status().looking or self._wake is None:
                return
            await asyncio.sleep(max(self._wake - loop.time(), 0.0))
            self._wake = None
            self._feed(ev.Tick(self.outside.today()))

    async def _do(self, effect: ef.Effect) -> None:
        """What is only looking; of all else nothing is done."""
        match effect:
            case ef.Look(number=number, wishes=wishes, folders=folders):
                await self._look(number, wishes, folders)
            case ef.ReadOn(number=number, path=path) | ef.ReadOutline(number=number, path=path):
                await self._look(number, (LookAt(path, None),), ())
            case ef.Recall(digests=digests):
                self._feed(ev.Recalled(dict.fromkeys(digests, ())))
            case ef.WakeAt(time=time):
                self._wake = time
            case ef.AskChanges() | ef.AskBlocks():
                if self._dialogue is not None:
                    await self._say(self._dialogue.send(effect))

    async def _look(self, number: int, wishes: tuple[LookAt, ...], folders: Iterable[RelPath]) -> None:
        facts = await asyncio.to_thread(self._scanner.look, wishes) if wishes else []
        self._feed(ev.Seen(number, tuple(facts), last=False))
        for folder in folders:
            walk = self._scanner.walk(folder)
            while batch := await asyncio.to_thread(next, walk, None):
                self._feed(ev.Seen(number, tuple(batch), last=False))
        self._feed(ev.Seen(number, (), last=True))

    # --- the other side -----------------------------------------------------------------------------------------

    async def meet_new_hub(self) -> None:
        self._feed(ev.Welcomed("a hub that would be made", "its journal", Seq(0)))
        self._feed(ev.CaughtUp((), Seq(0), more=False, snapshot=True, next=Seq(0)))
        await self._look_on()

    async def meet(self, dial: Dialer) -> None:
        """Hear all that the hub has.  Raises Refused, LinkLost."""
        self._link = link = await dial()
        try:
            config = self.config
            who = replace(introduction(config, self.engine.footing, ""), client_id=_another(config.client_id))
            self._dialogue = Dialogue(who, self.outside.instant, asyncio.get_running_loop().time())
            await self._say(self._dialogue.open())
            while (status := self.engine.present_status()).behind or self._todo:
                if status.behind and not self._todo:
                    await self._hear()
                await self._look_on()
                if why := self.engine.standing.refused:
                    raise Refused("another_hub", why)
            await self._read_rules()
            await self._say(self._dialogue.farewell())
        except BadMessage as error:
            raise LinkLost(f"the hub broke the protocol: {error}") from error
        finally:
            await link.close()

    async def _hear(self) -> None:
        assert self._link is not None and self._dialogue is not None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                frame = await self._link.receive()
        except TimeoutError:
            raise LinkLost(f"the hub did not answer within {ANSWER_SECONDS:g} s") from None
        events = self._dialogue.receive(frame, asyncio.get_running_loop().time())
        for event in [*events, *self._dialogue.gathered()]:
            if isinstance(event, ev.BlocksCame):
                self._blocks.update(event.blocks)
            elif isinstance(event, ev.BlocksEnded):
                self._blocks.update(dict.fromkeys(event.lacking, b""))
            else:
                self._feed(event)

    async def _say(self, frames: Sequence[Frame]) -> None:
        assert self._link is not None
        for frame in frames:
            if isinstance(frame, str):
                await self._link.send_text(frame)
            else:
                await self._link.send_binary(frame)

    # --- rules that would come ------------------------------------------------------------------------------------

    async def _read_rules(self) -> None:
        """What the hub's rule files say counts from the moment at which they are here, before all else in their
        folders."""
        assert self._dialogue is not None
        wanted = list(self._rules_to_come())
        for node in [one for one in wanted if one.content.size > LARGEST_RULES]:
            self.warnings.append(f"{path_of(self.engine.canopy.remote, node.id)} is too large to be read ahead")
            wanted.remove(node)
        digests = tuple(dict.fromkeys(node.content.digest for node in wanted if node.content.size))
        if digests:
            await self._say(self._dialogue.send(ef.AskBlocks(1, digests)))
        while not self._blocks.keys() >= set(digests):
            await self._hear()
        for node in wanted:
            self._learn(node, self._blocks.get(node.content.digest, b""))
        self._feed(ev.Tick(self.outside.today()))
        await self._look_on()

    def _rules_to_come(self) -> Iterable[File]:
        """Those of the hub that are not here, or will replace those that are; the outermost first."""
        canopy = self.engine.canopy
        found: list[tuple[RelPath, File]] = []
        for node_id in list(canopy.diverged()):
            node, synced = canopy.remote.get(node_id), canopy.synced.get(node_id)
            if not isinstance(node, File) or node.at.name not in self.engine.scoping.names:
                continue
            path = path_of(canopy.remote, node_id)
            if path and not (isinstance(synced, File) and synced.content == node.content):
                found.append((path, node))
        return [node for _, node in sorted(found, key=lambda one: one[0].count("/"))]

    def _learn(self, node: File, data: bytes) -> None:
        canopy, scoping = self.engine.canopy, self.engine.scoping
        path = path_of(canopy.remote, node.id) or RelPath("")
        folder = split(path)[0]
        here: NodeId | None = find(canopy.local, [Name(name) for name in folder.split("/")]) if folder else ROOT
        self._rules[path] = data
        self._scanner = replace(self._scanner, rules=dict(self._rules))
        # Before a first link, one folder has two ids.
        for one in dict.fromkeys((node.at.parent, here)):
            if one is not None:
                scoping.learn(one, RulesSeen(join(folder, node.at.name), data), walked=one != here)


def _another(client_id: str) -> ClientId:
    """As which a dry run comes to the hub: should the agent itself be there, it stays."""
    return ClientId(f"{client_id[:100]}-dry-run")


def folds_case(disk: Disk) -> bool:
    """Whether the disk takes another spelling for the same name, as far as one of the names at its root shows it."""
    with disk.batch():
        for name, _ in disk.list(RelPath("")):
            other = name.swapcase()
            if other != name:
                try:
                    seen = disk.stat(RelPath(other))
                except OSError as error:
                    if error.errno in MISSING:
                        return False
                    continue
                with suppress(OSError):
                    return seen.inode == disk.stat(RelPath(name)).inode
    return False
