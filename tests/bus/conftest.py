"""A bus of the test's own."""

from __future__ import annotations

from tests.desktop.bus.conftest import address, bus, other

__all__ = ["address", "bus", "other"]
