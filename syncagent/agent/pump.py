"""The order in which an engine's effects are carried out.

Effects begin strictly in the order in which the engine gave them, and none begins while a Commit that stood before it
is not over: nothing is sent, shown, or done to the disk, of which the database does not know.  Commits that have come
to wait are made in one transaction with the one that is first in line.  That is always right: what is kept are
observations, and an observation may be known to the database before something else begins, never after.

What waits for a Commit may be *prepared* meanwhile: whatever comes of that shows nowhere before it begins.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from syncagent.engine.effects import Commit, Effect
from syncagent.model.acts import Act, Part
from syncagent.model.ids import Digest, NodeId
from syncagent.model.nodes import Recipe
from syncagent.trees.delta import Delta, Row


class Pump:
    """Takes effects in, and gives each to ``begin`` when its time has come.

    ``keep`` is given a delta, and says whether it is in the database by then; where it is not, the caller answers with
    ``kept`` when it is, not before ``keep`` has come back; ``prepare`` an effect that begins when that is over.  Lives
    in the event loop; never waits.
    """

    __slots__ = ("_begin", "_keep", "_keeping", "_prepare", "_waiting")

    def __init__(
        self, begin: Callable[[Effect], None], keep: Callable[[Delta], bool], prepare: Callable[[Effect], None]
    ) -> None:
        self._begin = begin
        self._keep = keep
        self._prepare = prepare
        self._keeping = False
        self._waiting: deque[Effect] = deque()

    def push(self, effects: Iterable[Effect]) -> None:
        """Carry out ``effects``, after all that was pushed before."""
        self._waiting.extend(effects)
        self._run()

    def drop(self, is_dropped: Callable[[Effect], bool]) -> None:
        """Of what waits, some is not to be carried out any more."""
        self._waiting = deque(effect for effect in self._waiting if not is_dropped(effect))

    def kept(self) -> None:
        """The delta that ``keep`` was given is in the database."""
        self._keeping = False
        self._run()

    @property
    def idle(self) -> bool:
        """Whether there is nothing that waits, and no commit under way."""
        return not self._keeping and not self._waiting

    def _run(self) -> None:
        while self._waiting and not self._keeping:
            effect = self._waiting.popleft()
            if isinstance(effect, Commit):
                self._commit(effect)
            else:
                self._begin(effect)

    def _commit(self, first: Commit) -> None:
        deltas, others = [first.delta], deque[Effect]()
        for effect in self._waiting:
            if isinstance(effect, Commit):
                deltas.append(effect.delta)
            else:
                others.append(effect)
        self._waiting = others
        delta = merged(deltas)
        if delta:
            self._keeping = True
            if self._keep(delta):
                self._keeping = False
                return
            for effect in others:
                self._prepare(effect)


def merged(deltas: Sequence[Delta]) -> Delta:
    """One delta that says what ``deltas`` say one after the other."""
    if len(deltas) == 1:
        return deltas[0]
    rows: dict[NodeId, Row] = {}
    gone: dict[NodeId, None] = {}
    facts: dict[str, str] = {}
    recipes: dict[Digest, Recipe] = {}
    acts: dict[int, Act | None] = {}
    parts: dict[tuple[int, NodeId], Part | None] = {}
    for delta in deltas:
        for row in delta.rows:
            rows[row.id] = row
            gone.pop(row.id, None)
        for node_id in delta.gone:
            rows.pop(node_id, None)
            gone[node_id] = None
        facts.update(delta.facts)
        recipes.update(delta.recipes)
        acts.update(delta.acts)
        parts.update(delta.parts)
    # The number of an act that is forgotten is never another one's.
    parts = {key: part for key, part in parts.items() if acts.get(key[0], True) is not None}
    return Delta(tuple(rows.values()), tuple(gone), facts, recipes, acts, parts)
