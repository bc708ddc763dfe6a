"""What lies in the stage when all is at one, and is to be swept away then: only after events that can have left some
of it there, for a look into the stage and the way to it cost a good part of what a small edit does."""

from __future__ import annotations

from syncagent.engine import events as ev
from syncagent.planner.tasks import Done


def leaves_something(event: ev.Event) -> bool:
    """Whether there may be something in the stage after it that nobody wants when all is at one.  Tasks that are done
    leave nothing there; what is found to be unlike that is swept after the next look at everything."""
    match event:
        case ev.Started() | ev.RootFound() | ev.StageOpened() | ev.StageFilled() | ev.AheadHeld():
            return True
        case ev.Hinted(everything=everything):
            return everything
        case ev.TasksDone(outcomes=outcomes):
            return not all(isinstance(one, Done) for one in outcomes)
    return False
