"""What all simulated worlds need of a test."""

from __future__ import annotations

import faulthandler
import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """A world says a lot, of links that break and disks that are full; nobody reads it."""
    ours = logging.getLogger("syncagent")
    before = ours.level
    ours.setLevel(logging.CRITICAL)
    yield
    ours.setLevel(before)


@pytest.fixture(autouse=True)
def unhurried(request: pytest.FixtureRequest) -> None:
    """Many worlds take as long as the machine lets them.  The stacks that are shown of what hangs are read while it
    runs, which has ended the whole process on a machine with much else to do."""
    marker = request.node.get_closest_marker("timeout")
    if marker is not None and marker.args == (0,):
        faulthandler.cancel_dump_traceback_later()
