"""Files of which the memory cannot say whether the machine's stop has damaged them: the hub is asked first.

The power that takes bytes of a file takes the last commits to the database with them.  Then the file is one that nobody
knows, or that is known as it was before: by its row it is new, or an edit.  But it may have been sent before the power
went, and then the hub tells of it, with the mtime that it had.  So what was written shortly before the stop, and was
not touched since, waits until all that the hub has was heard.  Where the hub had a file with that mtime, and with other
bytes, this is what is left of that file (HAZARDS B6).  Else it is what it says: new, or an edit.  Where the whole
memory was lost the hub is asked for its journal, and not for what is: others may have edited the file since.

Which file of the hub is it?  The node that it is taken for; one that had its name, at any time that was told since the
start (others may have moved it, or edited it); or, where its user had moved it, any that is nowhere on this disk, if
its mtime is one that a clock gave: those of unpacked archives are whole seconds, and many files have the same.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from syncagent.engine.events import Stop
from syncagent.model.changes import Entry
from syncagent.model.facts import Fact, FileSeen, is_kept_as, unpack
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath, name_key
from syncagent.model.nodes import File
from syncagent.model.values import replace
from syncagent.trees.canopy import FIRST_REV, Canopy
from syncagent.trees.damage import written_since

_SECOND_NS = 10**9


class Unproven:
    """A part of ``Damage``."""

    def __init__(self, canopy: Canopy) -> None:
        self._canopy = canopy
        self._stop: Stop | None = None
        self._looking = False
        self._put_back: frozenset[RelPath] = frozenset()
        self.waiting: dict[NodeId, None] = {}
        self.left_out: dict[NodeId, None] = {}
        """Those of them that wait until they are not left out any more."""
        self._told: dict[NodeId, list[File]] = {}
        """What the hub has told of since the start, as long as something may wait for it."""

    def load(self, facts: Mapping[str, str], stop: Stop | None, put_back: frozenset[RelPath] = frozenset()) -> None:
        self.waiting = dict.fromkeys(NodeId(one) for one in facts.get("unproven", "").split())
        self._stop = None if stop is None or stop.cleanly else stop
        self._looking = self._stop is not None
        self._put_back = put_back

    def fact(self) -> str:
        """What of it is to be remembered."""
        return " ".join([*self.waiting, *self.left_out])

    def taken(self, facts: Sequence[Fact], known_at: Callable[[RelPath], NodeId | None]) -> None:
        """These were taken in: those that may be damaged have to wait."""
        if self._stop is None and not self.waiting:
            return
        for fact in facts:
            node_id = known_at(fact.path) if isinstance(fact, FileSeen) and fact.content is not None else None
            if node_id is None or not isinstance(fact, FileSeen):
                continue
            if self._stop is not None and self._may_be_damaged(self._stop, fact):
                self.waiting[node_id] = None
            elif self._stop is not None:
                self.waiting.pop(node_id, None)

    def _may_be_damaged(self, stop: Stop, seen: FileSeen) -> bool:
        if stop.booted_ns is None or seen.path in self._put_back:
            return self._looking and written_since(stop.since_ns, seen.mtime_ns, seen.stamp)
        figures = unpack(seen.stamp)
        touched = figures is not None and figures.ctime_ns >= stop.booted_ns
        return not touched and written_since(stop.since_ns, seen.mtime_ns, seen.stamp)

    def looked(self, *, more: bool) -> None:
        """All was looked at once, but for ``more`` that was left out by then."""
        self._looking = more and self._stop is not None

    @property
    def listens(self) -> bool:
        """Whether something waits for what the hub has to tell, or may yet."""
        return bool(self._looking or self.waiting)

    def heard(self, entries: Iterable[Entry]) -> None:
        """The hub has told this."""
        if self.listens:
            for entry in entries:
                if isinstance(entry.node, File):
                    self._told.setdefault(entry.node_id, []).append(entry.node)

    def rest(self) -> None:
        """All is at one."""
        self._told.clear()

    def sort(self, outs: Container[NodeId]) -> None:
        """What is left out (``outs``) waits apart: nothing is to be done about it anyway."""
        for node_id in [one for one in self.waiting if one in outs]:
            self.left_out[node_id] = self.waiting.pop(node_id)
        for node_id in [one for one in self.left_out if one not in outs]:
            self.waiting[node_id] = self.left_out.pop(node_id)

    def prove(self) -> Iterator[tuple[NodeId, File | None]]:
        """All that the hub has was heard: what waits is damaged, and was the file that comes with it, or is not."""
        waiting, self.waiting = self.waiting, {}
        for node_id in waiting:
            node = self._canopy.local.get(node_id)
            yield node_id, self.was(node) if isinstance(node, File) else None

    def was(self, node: File) -> File | None:
        """What the hub has, or had, of the file of which ``node`` is the rest; None when it is no rest of any."""
        theirs = self._canopy.remote.get(node.id)
        if isinstance(theirs, File) and theirs.content == node.content:
            return None
        found: File | None = None
        for one in self._candidates(node):
            if is_kept_as(one.mtime_ns, node.mtime_ns):
                if one.content == node.content:
                    return None
                found = found or one
        return found

    def _candidates(self, node: File) -> Iterator[File]:
        yield from self._versions(node.id)
        by_clock = node.mtime_ns % _SECOND_NS != 0
        for one in self._lacking(self._canopy.remote.at(node.at.parent, name_key(node.at.name))):
            same_name = name_key(one.at.name) == name_key(node.at.name)
            if same_name or (by_clock and node.content.size <= one.content.size):
                yield one

    def _versions(self, node_id: NodeId) -> Iterator[File]:
        """What the hub has of the node, and what it had, as far as it was told since the start."""
        theirs = self._canopy.remote.get(node_id)
        if isinstance(theirs, File):
            yield theirs
        yield from self._told.get(node_id, ())

    def _lacking(self, first: NodeId | None = None) -> Iterator[File]:
        """The files that the hub has, or had, and this disk has not."""
        for node_id in dict.fromkeys((*((first,) if first is not None else ()), *self._told, *self._canopy.diverged())):
            if self._canopy.local.get(node_id) is None:
                yield from self._versions(node_id)

    def whole(self, node: File) -> File | None:
        """The file of the hub that has, or had, what ``node`` was by its row, before it was damaged: it had been sent,
        or only moved, and the memory of that went with the power."""
        theirs = self._canopy.remote.get(node.id)
        if isinstance(theirs, File) and node.id not in self._canopy.synced and self._canopy.rev(node.id) > FIRST_REV:
            return theirs  # it was sent, as it has its id from here; and someone has gone on with it since
        versions = (*self._versions(node.id), *(self._lacking() if self._canopy.remote.get(node.id) is None else ()))
        return next((one for one in versions if one.content == node.content and node.content.size), None)

    def adopt(self, node: File, was: File) -> File:
        """Let what stands here as ``node`` stand here as the file that it is the rest of; gives it."""
        if node.id == was.id:
            return node
        stamp, spelling = self._canopy.stamp(node.id), self._canopy.spelling(node.id)
        self._canopy.set_local(node.id, None)
        own = replace(node, id=was.id)
        self._canopy.set_local(was.id, own, stamp)
        self._canopy.spell(was.id, spelling)
        return own

    def agreed(self, node: File) -> File:
        """What counts as agreed of a file that is damaged: where it stands, unless it was moved here, and not there."""
        agreed = self._canopy.synced.get(node.id) if node.id in self._canopy.synced else None
        if isinstance(agreed, File):
            return agreed
        theirs = self._canopy.remote.get(node.id)
        was_here = any(one.at == node.at for one in self._told.get(node.id, ()))
        return node if was_here or not isinstance(theirs, File) else replace(node, at=theirs.at)
