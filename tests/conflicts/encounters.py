"""What one person does on one machine while another does something else on another: four ways for them to meet.

Trees are told in one line, as ``a=1 d/ d/x=2 l->y``; ``~anna`` stands for the suffix of a conflict copy that anna's
machine made.  Acts are told as ``write a 2; move a b; swap a b; mkdir d; link y l; delete d``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from syncagent.engine import events as ev
from syncagent.model.facts import Kind
from syncagent.model.ids import ROOT
from syncagent.model.names import RelPath
from tests.sim.agent import Agent, Killed
from tests.sim.world import World

_COPY = re.compile(r" \(conflict \d{4}-\d\d-\d\d (\w+)\)")
LOOKING = {"batch", "stat", "list", "readlink", "open", "file.read", "file.stat"}
MOST_CRASHES = 60


class Way(Enum):
    BOTH_ONLINE = "both online"
    ONE_OFFLINE = "one offline"
    BOTH_OFFLINE = "both offline"
    ONE_CRASHES = "one crashes"


@dataclass(frozen=True, slots=True)
class Encounter:
    """``one`` is done at anna's machine, ``other`` at bert's.  ``after`` is what all have in the end when the hub heard
    of ``other`` first, so that anna's machine had to yield; ``turned`` when bert's had to ("" where that is no
    different).  ``extra`` revisions are made for folders that come
    back though one person had deleted them, and for passing names.
    ``raced`` may come of it too when both act in the same moment."""

    before: str
    one: str
    other: str
    after: str
    turned: str = ""
    extra: int = 0
    raced: str = ""

    def exchanged(self) -> Encounter:
        """The same with each at the other's machine."""
        turned = _exchanged(self.turned or self.after)
        return Encounter(
            self.before, self.other, self.one, turned, _exchanged(self.after), self.extra, _exchanged(self.raced)
        )


def _exchanged(text: str) -> str:
    return re.sub("~(anna|bert)", lambda found: "~bert" if found[1] == "anna" else "~anna", text)


class Meeting:
    """A world in which machines have the same tree, and then meet after each has changed it."""

    def __init__(self, seed: int, before: str, machines: int = 2) -> None:
        self.world = World(seed, machines, faults=False)
        self.crashed = False
        self.touched = 0
        """How many paths persons have changed since all had the same tree."""
        for agent in self.world.agents:
            agent.start()
        self.act(0, building(before))
        self.rest()
        assert self.shown() == " ".join(sorted(before.split()))
        self.begin()

    def begin(self) -> None:
        """All have the same tree: what is counted, is counted from now on."""
        self.touched, self._head = 0, self.world.hub.head

    # --- what happens -----------------------------------------------------------------------------------------

    def act(self, machine: int, acts: str) -> None:
        agent = self.world.agents[machine]
        before = agent.disk.user.tree()
        for act in filter(None, (one.strip() for one in acts.split(";"))):
            paths = self._do(agent, act.split())
            agent.deliver(ev.Hinted(paths=tuple(RelPath(path) for path in paths)))
        after = agent.disk.user.tree()
        self.touched += sum(before.get(path, 0) != after.get(path, 0) for path in before.keys() | after.keys())

    def _do(self, agent: Agent, words: list[str]) -> list[str]:
        """Do it; gives the paths that are to be looked at, both names of what was moved at once."""
        user = agent.disk.user
        copies = {_plain(path): path for path in user.tree()}
        words = [copies[word] if "~" in word else word for word in words]
        match words:
            case ["write", path, text]:
                self.world.wrote(text.encode())
                user.write(path, text.encode(), replace=True)
                return [path]
            case ["mkdir", path]:
                user.mkdir(path)
                return [path]
            case ["link", target, path]:
                user.symlink(target, path)
                return [path]
            case ["move", old, new]:
                self.world.removals += 1
                user.move(old, new)
                return [old, new]
            case ["swap", one, other]:
                moves = (one, "passing"), (other, one), ("passing", other)
                for old, new in moves:
                    self._do(agent, ["move", old, new])
                return [one, other]
            case ["delete", path]:
                self.world.removals += 1
                user.delete(path)
                return [path]
            case _:
                raise AssertionError(words)

    def leave(self, machine: int) -> None:
        agent = self.world.agents[machine]
        agent.online = False
        agent.cut()

    def come_back(self, machine: int) -> None:
        agent = self.world.agents[machine]
        agent.online = True
        agent.connect()

    def wait(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    def rest(self) -> None:
        self.wait(0.5)
        self.world.settle()
        self.wait(0.5)
        self.world.settle()

    def kill_at(self, machine: int, call: int) -> None:
        """Let the agent be killed at its ``call``-th call to the disk that changes something.  It is started again."""
        agent, count = self.world.agents[machine], 0
        before = agent.disk.before_call

        def counted(name: str, path: RelPath) -> None:
            nonlocal count
            if name not in LOOKING:
                count += 1
                if count == call:
                    self.crashed = True
                    raise Killed
            before(name, path)

        agent.disk.before_call = counted

    # --- what is there ----------------------------------------------------------------------------------------

    def shown(self) -> str:
        """What every machine and the hub have; they must all have the same."""
        shown = {agent.name: show(agent.disk.user.tree()) for agent in self.world.agents}
        shown["hub"] = show(self._at_hub())
        assert len(set(shown.values())) == 1, shown
        return shown["hub"]

    def _at_hub(self) -> dict[str, bytes | str | None]:
        hub = self.world.hub
        rows = {node_id: row for node_id, row in hub.rows.items() if row.living}
        blocks = hub.blocks
        found: dict[str, bytes | str | None] = {}
        for row in rows.values():
            names, here = [str(row.name)], row.parent
            while here != ROOT:
                names.append(rows[here].name)
                here = rows[here].parent
            data = b"".join(blocks[block.digest] for block in row.recipe)
            found["/".join(reversed(names))] = (
                None if row.kind is Kind.DIR else data if row.kind is Kind.FILE else f"-> {row.target}"
            )
        return found

    def revisions(self) -> int:
        """How many the hub has made since all had the same tree."""
        return self.world.hub.head - self._head

    def is_quiet(self) -> bool:
        """Whether a minute, and a look at all that there is, bring nothing new (N5)."""
        head = self.world.hub.head
        for agent in self.world.agents:
            agent.deliver(ev.Hinted(everything=True))
        self.wait(60.0)
        self.world.settle()
        return self.world.hub.head == head


def show(tree: Mapping[str, bytes | str | None]) -> str:
    tokens = []
    for path, what in tree.items():
        if path:
            inside = "/" if what is None else f"={what.decode()}" if isinstance(what, bytes) else what.replace(" ", "")
            tokens.append(_plain(path).replace(" ", "~") + inside)
    return " ".join(sorted(tokens))


def building(tree: str) -> str:
    """The acts that make this tree of nothing."""
    acts = []
    for token in tree.split():
        if token.endswith("/"):
            acts.append(f"mkdir {token[:-1]}")
        elif "->" in token:
            path, _, target = token.partition("->")
            acts.append(f"link {target} {path}")
        else:
            path, _, text = token.partition("=")
            acts.append(f"write {path} {text}")
    return ";".join(acts)


def _plain(path: str) -> str:
    return _COPY.sub(r"~\1", path)
