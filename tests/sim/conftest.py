"""What all simulated worlds need of a test."""

from __future__ import annotations

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
