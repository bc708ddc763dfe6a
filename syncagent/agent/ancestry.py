"""What both versions of a conflict came from: found in the hub's journal, and had from there.

The id of a conflict copy was made of what both sides had last agreed on (``model.ids.copy_id``); so any machine that
has the copy, whichever made it, can try what the file once held, and is sure of what fits.  The hub keeps the content
of all that its journal names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from syncagent.agent.census import hub_bytes, hub_history
from syncagent.agent.comparing import MOST_BYTES
from syncagent.engine.dialogue import Dialogue
from syncagent.errors import SyncAgentError
from syncagent.model.changes import Entry
from syncagent.model.ids import NodeId, Rev, copy_id
from syncagent.model.names import Name, RelPath, conflict_of, join, split
from syncagent.model.nodes import File
from syncagent.model.values import fixed
from syncagent.transport.ports import Dialer
from syncagent.trees.canopy import Canopy
from syncagent.trees.tree import find

KEPT: Final = 4
"""So many are remembered: who compares two versions merges them next."""

_TRIES: Final = 500_000
"""About a second; only a file with a thousand revisions comes to that."""


@fixed
class Ancestor:
    """``data`` is None when it cannot be had, and ``why`` says so then, in words."""

    data: bytes | None
    why: str = ""

    @property
    def text(self) -> str | None:
        """None for what is no text, too."""
        if self.data is None or b"\0" in self.data:
            return None
        try:
            return self.data.decode("utf-8")
        except UnicodeDecodeError:
            return None


class Ancestry:
    """Asks the hub over connections of its own; remembers what was found last."""

    def __init__(self) -> None:
        self._found: dict[NodeId, Ancestor] = {}

    async def of(self, canopy: Canopy, copy: RelPath, dial: Dialer, introduce: Callable[[float], Dialogue]) -> Ancestor:
        """What the conflict copy at ``copy``, and what it is a copy of, came from."""
        node_id = _at(canopy, copy)
        if node_id is None:
            return Ancestor(None, "the copy is not known here yet")
        if node_id not in self._found:
            try:
                found = await _ask(canopy, copy, node_id, dial, introduce)
            except SyncAgentError as trouble:
                return Ancestor(None, f"the hub cannot be asked: {trouble}")
            if found.data is None:
                return found  # the hub may not have heard of the copy yet: it is asked again
            self._found[node_id] = found
            while len(self._found) > KEPT:
                del self._found[next(iter(self._found))]
        return self._found[node_id]


async def _ask(
    canopy: Canopy, copy: RelPath, node_id: NodeId, dial: Dialer, introduce: Callable[[float], Dialogue]
) -> Ancestor:
    folder, name = split(copy)
    original, _, label = conflict_of(name)
    path = join(folder, original)
    there = _at(canopy, path)
    wanted = {node_id, there} - {None}

    def concerns(entry: Entry) -> bool:
        return entry.node_id in wanted or path in (entry.path, entry.old_path)

    history = (await hub_history(dial, introduce, concerns)).entries
    found = ancestor_in(history, node_id, label)
    if found is None:
        return Ancestor(None, "nothing is known from which both came")
    assert isinstance(found.node, File)
    content = found.node.content
    if content.size > MOST_BYTES:
        return Ancestor(None, "what both came from is too large to be merged")
    data = await hub_bytes(dial, introduce, content, found.recipe)
    return Ancestor(data, "" if data is not None else "the hub has lost what both came from")


def ancestor_in(history: Sequence[Entry], copy: NodeId, label: str) -> Entry | None:
    """The entry of ``history`` after which a file held what it did when the copy's machine, ``label``, last agreed
    with the hub on it."""
    made = next((one for one in history if one.node_id == copy and isinstance(one.node, File)), None)
    if made is None:
        return None
    assert isinstance(made.node, File)
    inside = made.node.content.digest
    tries = 0
    before = [one for one in history if one.seq < made.seq and one.node_id != copy and isinstance(one.node, File)]
    for one in reversed(before):
        assert isinstance(one.node, File)
        for rev in _later(one.rev, one.node_id, before):
            tries += 1
            if copy_id(one.node_id, rev, one.node.content.digest, inside, label) == copy:
                return one
            if tries > _TRIES:
                return None
    return None


def _later(rev: Rev, node_id: NodeId, entries: Sequence[Entry]) -> list[Rev]:
    """The revisions that the hub may have come to when the conflict was met."""
    return [Rev(one.rev) for one in entries if one.node_id == node_id and one.rev > rev]


def _at(canopy: Canopy, path: RelPath) -> NodeId | None:
    return find(canopy.local, [Name(name) for name in path.split("/")])
