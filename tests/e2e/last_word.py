"""What is looked at when an end-to-end test has done all it wanted: each agent that still runs compares its folder with
the hub, and a hub that still runs is looked through.  A test may leave things unfinished, never two sides that differ
and do not know it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from syncagent.agent.places import places
from syncagent.control import ControlClient
from syncagent.errors import LinkLost, NotRunning, RootMissing

SECONDS = 5.0
"""So long is waited for what is on its way: some tests end with what will never arrive."""


def last_word(agents: Iterable[Path], hub: Path) -> None:
    """``agents`` and ``hub`` are data directories."""
    for agent in agents:
        client = ControlClient(places(agent).control)
        try:
            *findings, last = client.follow("check", timeout=SECONDS)
        except (NotRunning, LinkLost, RootMissing):
            continue  # it does not run (any more), or its folder is gone: then there is nothing to compare
        assert last["summary"]["verdict"] != "different", f"{agent.name}: {findings[-20:]} {last}"
    try:
        report = ControlClient(places(hub).control).call("fsck", within=60)
    except (NotRunning, LinkLost):
        return  # the same
    assert not report["wrong"], report
