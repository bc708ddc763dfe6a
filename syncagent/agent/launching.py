"""Starts the agent as a process of its own, that outlives who has started it.  Blocks."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from syncagent.agent.autostart.program import ourselves
from syncagent.agent.keys import KEY_VARIABLE
from syncagent.agent.places import Places
from syncagent.agent.spawning import apart
from syncagent.control import ControlClient
from syncagent.engine.status import NOT_YET
from syncagent.errors import NotRunning, SyncAgentError
from syncagent.private import UNFOLLOWED, make_private

START_SECONDS: Final = 30.0
CONTACT_SECONDS: Final = 5.0


def start_behind(spot: Places, options: Sequence[str] = ()) -> Mapping[str, Any]:
    """Start `up` as a process of its own, and wait until it answers, and a little longer for its first word with the
    hub; gives its status; empty when it does not answer yet.  Raises SyncAgentError when it ends instead."""
    make_private(spot.log.parent)
    words = spot.log.parent / "start.log"
    environment = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE}
    with open(words, "wb", opener=lambda path, flags: os.open(path, flags | UNFOLLOWED, 0o600)) as output:
        child = subprocess.Popen(  # noqa: S603 - our own program
            [*ourselves(), "up", "--no-link", *options, "--data-dir", str(spot.data_dir)],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, **apart(),
        )  # fmt: skip
    end = time.monotonic() + START_SECONDS
    found: Mapping[str, Any] = {}
    while time.monotonic() < end:
        if child.poll() is not None:
            said = words.read_text(errors="replace").strip().splitlines()
            raise SyncAgentError((said[-1] if said else "it ended at once").removeprefix("syncagent: "))
        try:
            found = ControlClient(spot.control).call("status", within=5)
        except NotRunning:
            time.sleep(0.05)
            continue
        if found.get("last_contact") or (found.get("reason") or NOT_YET) != NOT_YET or found.get("stuck"):
            return found
        end = min(end, time.monotonic() + CONTACT_SECONDS)
        time.sleep(0.05)
    return found
