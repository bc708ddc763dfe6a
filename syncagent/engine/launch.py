"""From planned ops to things under way: the bytes they need, their paths, and the batches in which they leave."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from syncagent.engine.at_hand import SMALL
from syncagent.engine.downloads import Downloads
from syncagent.engine.effects import Effect, Run, SendBlocks, Submit
from syncagent.engine.flight import Flight
from syncagent.engine.local import LocalSide
from syncagent.engine.remote import WHOLE_HERE, RemoteSide
from syncagent.engine.uploads import Uploads
from syncagent.model.acts import Act, Part
from syncagent.model.changes import Change
from syncagent.model.facts import UNSURE, Stamp
from syncagent.model.ids import PARK, Digest, NodeId
from syncagent.model.names import RelPath, name_key
from syncagent.model.nodes import Block, Dir, File, Recipe
from syncagent.model.values import replace
from syncagent.planner.ops import (
    Adopt,
    LocalOp,
    MakeLocalDir,
    SubmitCreate,
    SubmitDelete,
    SubmitEdit,
    SubmitMove,
    SubmitOp,
    TreeOp,
    WriteLocal,
    beneath,
    subject,
)
from syncagent.planner.tasks import InPlace, MoveTask, Source, Task
from syncagent.trees.canopy import Canopy
from syncagent.trees.delta import Delta

RUN_BATCH = 400
SUBMIT_BYTES = 4 << 20
MOST_BLOCKS = 50_000
"""Blocks of a file at most: its recipe has to fit into one message of 4 MiB."""

SMALL_AT_ONCE = 16
"""So many small folders go at the hub as wholes at once, each by a message of its own; the rest of more goes node by
node.  The hub takes only so many messages a second, and thousands of small folders are one ``rm`` away."""

SETTLING = 0.03
"""Seconds after which a file that was written in the clock's own grain is looked at again."""


class Launch:
    """Collects what leaves in this step."""

    def __init__(
        self,
        canopy: Canopy,
        local: LocalSide,
        remote: RemoteSide,
        flight: Flight,
        uploads: Uploads,
        downloads: Downloads,
        is_confirmed: Callable[[NodeId], bool],
    ) -> None:
        self._canopy = canopy
        self._local = local
        self._remote = remote
        self._flight = flight
        self._uploads = uploads
        self._downloads = downloads
        self._is_confirmed = is_confirmed
        self._tasks: list[Task] = []
        self._submits: dict[bool, deque[tuple[SubmitOp, Recipe, bytes | None]]] = {True: deque(), False: deque()}
        """By whether a person has said yes to it."""
        self._small_wholes = 0

    @property
    def leaving(self) -> int:
        """How many changes leave with the next ``take``."""
        return sum(map(len, self._submits.values()))

    def launch(self, op: LocalOp | SubmitOp, now: float) -> bool:
        """Let ``op`` leave.  False when it cannot leave yet: its bytes have to come or go first, or its path is not
        known; it is planned again when that has changed."""
        match op:
            case SubmitCreate(node=File() as file) | SubmitEdit(node=File() as file):
                return self._launch_with_content(op, file, now)
            case SubmitDelete(beneath=beneath) if beneath:
                return self._launch_whole(op)
            case SubmitCreate() | SubmitEdit() | SubmitMove() | SubmitDelete():
                return self._leave(op, (), None)
            case _:
                return self._launch_task(op, now)

    @property
    def asks(self) -> bool:
        """Whether the hub is asked who brings a small file before anyone does."""
        return self._uploads.turns.asks

    def asks_about(self, node_id: NodeId) -> bool:
        """Whether a small file that is new here, and plainly one to send, waits until the hub was asked about it.  It
        is planned for when the answer has come, and so once; mostly another has sent it by then, and not at all."""
        canopy = self._canopy
        file = canopy.local.get(node_id)
        if type(file) is not File or not 0 < file.content.size <= SMALL or file.at.parent == PARK:
            return False
        remote = canopy.remote
        if remote.get(node_id) is not None or node_id in canopy.synced or remote.get(file.at.parent) is None:
            return False
        if remote.at(file.at.parent, name_key(file.at.name)) is not None:
            return False
        return not self._is_at_hub(file) and self._uploads.turns.wait(file.content.digest, node_id)

    def agreed(self, op: TreeOp) -> None:
        """``op`` has shown that the hub has it: nothing need be sent, nor be kept at hand for it."""
        node = self._canopy.remote.get(op.remote if isinstance(op, Adopt) else op.id)
        if isinstance(node, File):
            self._uploads.turns.is_there(node.content.digest)
            if node.content.size <= SMALL:
                self._local.at_hand.let_go(node.content.digest)

    def estrange(self, node_ids: Iterable[NodeId]) -> None:
        """What was agreed of these is forgotten: what the hub answers about them settles nothing here."""
        node_ids = list(node_ids)
        for node_id in node_ids:
            self._flight.estrange(node_id)
            self._remote.estrange(node_id)
        self._local.damage.forget(node_ids)

    def take(self, incarnation: str) -> list[Effect]:
        """All that leaves now, in batches."""
        effects: list[Effect] = [
            Run(tuple(self._tasks[start : start + RUN_BATCH])) for start in range(0, len(self._tasks), RUN_BATCH)
        ]
        self._tasks = []
        self._small_wholes = 0
        folders: dict[NodeId, RelPath] = {}
        for confirmed, submits in self._submits.items():
            while submits:
                effects.extend(self._next_batch(submits, incarnation, folders, confirmed=confirmed))
        return effects

    def completed(
        self, delta: Delta, acts: dict[int, Act | None], parts: dict[tuple[int, NodeId], Part | None]
    ) -> Delta:
        """``delta`` with what belongs to it."""
        if not (delta.rows or acts or parts):
            return delta
        recipes = self._recipes_of(delta)
        return replace(delta, recipes=recipes, acts=acts, parts=parts) if recipes or acts or parts else delta

    def _recipes_of(self, delta: Delta) -> dict[Digest, Recipe]:
        """The recipes that are kept along with the rows of ``delta``."""
        kept: dict[Digest, Recipe] = {}
        here, there = self._local.at_hand.recipes, self._remote.recipes
        for row in delta.rows if here or there else ():
            for node, recipes in ((row.local, here), (row.remote, there)):
                if isinstance(node, File) and node.content.size > SMALL and node.content.digest in recipes:
                    kept[node.content.digest] = recipes[node.content.digest]
        return kept

    # --- to the disk ------------------------------------------------------------------------------------------

    def _launch_task(self, op: LocalOp, now: float) -> bool:
        node_id = subject(op)
        if not isinstance(op, MakeLocalDir) and not (isinstance(op, WriteLocal) and op.expect is None):
            path = self._canopy.local_path(node_id)
            if path is not None and self._canopy.stamp(node_id) in (None, UNSURE):
                # What stands there may have changed without a trace: look before anything is put in its place.
                self._local.recheck(node_id, [path], now, delay=SETTLING, reason="it keeps changing")
                return True
        source: Source | None = None
        if isinstance(op, WriteLocal):
            source = self._source(op)
            if source is None:
                return False
        task = self._flight.begin_task(op, source)
        if task is None:
            return False
        self._tasks.append(task)
        self._local.task_begins(paths_of(task))
        return True

    def _source(self, op: WriteLocal) -> Source | None:
        node, expect = op.node, op.expect
        if not isinstance(node, File) or (isinstance(expect, File) and expect.content == node.content):
            return InPlace()
        bases: tuple[tuple[RelPath, Stamp, Recipe], ...] = ()
        recipe, unknown = self._known_recipe(node), None
        if isinstance(expect, File) and expect.content.size > SMALL:
            path, stamp = self._canopy.local_path(node.id), self._canopy.stamp(node.id)
            if path is not None and stamp is not None:
                # To read a large file only to learn how it is cut would take as long as all else that is done about it.
                digest = expect.content.digest
                known = self._known_recipe(expect) or self._downloads.recalls.recipe_of(digest)
                bases, unknown = ((path, stamp, known),), None if known else digest
        return self._downloads.source(node.id, node.content, recipe, bases, unknown)

    def _known_recipe(self, file: File) -> Recipe:
        digest = file.content.digest
        return self._local.at_hand.recipes.get(digest) or self._remote.recipes.get(digest) or ()

    # --- to the hub -------------------------------------------------------------------------------------------

    def _launch_with_content(self, op: SubmitOp, file: File, now: float) -> bool:
        content = file.content
        data = self._local.at_hand.bytes_of(content.digest)
        if 0 < content.size <= SMALL and not self._is_at_hub(file):
            if self._uploads.turns.wait(content.digest, file.id):
                return False
            if data:
                return self._leave(op, (), data)
        path, stamp = self._canopy.local_path(file.id), self._canopy.stamp(file.id)
        recipe: Recipe = ()
        if content.size > SMALL:
            known = self._local.at_hand.recipes.get(content.digest) or self._remote.recipes.get(content.digest)
            if known is None:
                if path is not None:
                    self._local.recheck(file.id, [path], now, read=True, reason="it cannot be read")
                return False
            recipe = known
        if content.size == 0 or self._is_at_hub(file):
            return self._leave(op, recipe, None)
        if path is None or stamp is None:
            return False
        if content.size <= SMALL:
            self._uploads.want_small(file, path, stamp)
            return False
        self._uploads.want_large(file, recipe, path, stamp)
        return False

    def _launch_whole(self, op: SubmitDelete) -> bool:
        """A folder goes with all beneath it; each node by itself where a person has said yes to a part of it alone, and
        where it is one of many small ones."""
        files = [one for one in op.beneath if not isinstance(self._canopy.remote.get(one), Dir)]
        words = {self._is_confirmed(one) for one in files}
        self._small_wholes += len(op.beneath) < WHOLE_HERE
        if len(words) > 1 or (len(op.beneath) < WHOLE_HERE and self._small_wholes > SMALL_AT_ONCE):
            self._flight.piecemeal[op.node.id] = None
            return False
        self._submits[True in words].append((op, (), None))
        self._remote.sending(op.node.id, whole=True)
        self._flight.busy.update(dict.fromkeys((op.node.id, *op.beneath), op))
        return True

    def _is_at_hub(self, file: File) -> bool:
        """Whether the hub has the content, by all that it has said."""
        if self._uploads.is_at_hub(file.content.digest):
            return True
        before = self._canopy.remote.get(file.id)
        same = isinstance(before, File) and before.content == file.content
        return same and not self._uploads.was_lacking(file.content.digest)

    def _leave(self, op: SubmitOp, recipe: Recipe, data: bytes | None) -> bool:
        node_id = op.node.id
        self._submits[self._is_confirmed(node_id)].append((op, recipe, data))
        self._remote.sending(node_id)
        self._flight.busy[node_id] = op
        return True

    def _next_batch(
        self,
        submits: deque[tuple[SubmitOp, Recipe, bytes | None]],
        incarnation: str,
        folders: dict[NodeId, RelPath],
        *,
        confirmed: bool,
    ) -> list[Effect]:
        changes: list[Change] = []
        blocks: dict[Digest, tuple[Block, bytes]] = {}
        size = 0
        while submits and len(changes) < self._remote.batch_changes and size < SUBMIT_BYTES:
            if changes and beneath(submits[0][0]):
                break
            op, recipe, data = submits.popleft()
            if data is not None and isinstance(op.node, File):
                digest = op.node.content.digest
                blocks[digest] = (Block(digest, len(data)), data)
                size += len(data)
            changes.append(self._flight.begin_change(op, recipe, incarnation, folders, self._remote.cursor))
            if beneath(op):
                break  # it is alone in its batch
        sent: list[Effect] = [SendBlocks(0, tuple(blocks.values()))] if blocks else []
        return [*sent, Submit(tuple(changes), confirmed=confirmed)]


def paths_of(task: Task) -> tuple[RelPath, ...]:
    """The paths that a task changes."""
    return (task.path, task.to) if isinstance(task, MoveTask) else (task.path,)
