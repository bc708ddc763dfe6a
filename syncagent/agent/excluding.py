"""What this machine has excluded, as it is kept: in a file beside the database, for it outlasts that.

Written by the agent; where none runs, by the command itself, under the agent's lock.  It is safe whichever of the two
is older: what is excluded was never agreed on, and what is not is compared anew (``engine.scoping``).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from syncagent.agent.lock import hold
from syncagent.agent.places import Places
from syncagent.errors import BadConfig, BadName, NotAsked
from syncagent.model.ids import NodeId
from syncagent.model.names import RelPath, check_path
from syncagent.model.values import fixed
from syncagent.private import make_private, write_private
from syncagent.rules.excluded import changed, objection


@fixed
class Kept:
    """``read`` gives the text that was kept, "" when there is none; ``write`` keeps another."""

    read: Callable[[], str]
    write: Callable[[str], None]

    def load(self) -> tuple[tuple[RelPath, NodeId], ...]:
        """Raises BadConfig when it cannot be read: to take that for nothing would bring everything here."""
        text = self.read()
        try:
            found = [(RelPath(str(path)), NodeId(str(one))) for path, one in json.loads(text or "[]")]
            for path, _ in found:
                check_path(path)
        except (ValueError, TypeError, BadName):
            raise BadConfig("excluded.json does not hold what is excluded here; mend it, or remove it") from None
        return tuple(found)

    def save(self, excluded: tuple[tuple[RelPath, NodeId], ...]) -> None:
        """Raises BadConfig."""
        self.write(json.dumps(excluded) + "\n")


def kept_in(state: Path) -> Kept:
    """What is kept in the directory of one folder's state."""
    path = state / "excluded.json"

    def read() -> str:
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise BadConfig(f"{path} cannot be read: {error}") from None

    return Kept(read, lambda text: write_private(path, text))


def while_stopped(spot: Places, path: RelPath, *, exclude: bool) -> dict[str, Any]:
    """Change it where no agent runs; it counts from the next start on.

    Raises AlreadyRunning when one does, NotAsked when it cannot be, BadConfig.
    """
    make_private(spot.data_dir)
    make_private(spot.state)
    with hold(spot.lock):
        kept = kept_in(spot.state)
        excluded = dict(kept.load())
        if why := objection(excluded, path, exclude=exclude):
            raise NotAsked(why)
        kept.save(tuple(sorted(changed(excluded, path, NodeId(""), exclude=exclude).items())))
    return {"path": path, "concerned": None}


def listed_while_stopped(spot: Places) -> dict[str, Any]:
    """What is excluded, where no agent runs to say more of it.  Raises BadConfig."""
    return {"excluded": [{"path": path, "files": None} for path, _ in kept_in(spot.state).load()]}
