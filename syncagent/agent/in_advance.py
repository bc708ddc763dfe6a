"""Files that are made in the stage before anybody has said that they are to be: when, and when not.

In the lane of the tasks, which may take them: so neither is in the other's way.  But only while nothing is done there;
what is to be done does not wait for what may be.
"""

from __future__ import annotations

import contextlib
from typing import TypeAlias

from syncagent.agent.workers import Lane
from syncagent.engine.effects import DropDrafts, MakeDrafts
from syncagent.errors import Damaged, RootMissing
from syncagent.localfs.applier import Applier

InAdvance: TypeAlias = MakeDrafts | DropDrafts


def in_advance(effect: InAdvance, applier: Applier, change: Lane) -> None:
    """Have ``effect`` done in the lane ``change``, if there is time for it."""
    if isinstance(effect, MakeDrafts) and not change.idle:
        return

    def work() -> None:
        # What goes wrong is nobody's trouble: the task that wants the file makes it, and tells.
        with contextlib.suppress(RootMissing, OSError, Damaged):
            if isinstance(effect, MakeDrafts):
                applier.draft(effect.wishes)
            else:
                applier.staging.drafts.drop(effect.contents)

    change.do(work)
