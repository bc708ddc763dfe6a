"""What a person or a machine has a say in when a plan is made."""

from __future__ import annotations

from syncagent.model.values import fixed


@fixed
class Policy:
    """``machine`` and ``day`` (an ISO date, only ever shown) go into the names of conflict copies."""

    machine: str = "this machine"
    day: str = "1970-01-01"
    may_submit: bool = True
    """False as long as the hub is out of reach, or this machine may only read."""
    may_write: bool = True
    """False as long as the root is missing, or paused."""
    whole_here: int = 0
    """A folder with at least so many nodes beneath it is deleted here together with them; 0: none is."""
    whole_there: int = 0
    """The same at the hub, which must be able to."""
