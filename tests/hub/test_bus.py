"""Who listens to a folder is called, and no one else."""

from __future__ import annotations

from syncagent.hub.bus import Bus
from syncagent.hub.rows import FolderId

ONE, TWO = FolderId(1), FolderId(2)


def test_those_of_a_folder_are_called_in_the_order_in_which_they_came() -> None:
    bus: Bus[str] = Bus()
    for name in ("c", "a", "b"):
        bus.join(ONE, name)
    bus.join(TWO, "other")
    called: list[str] = []
    bus.publish(ONE, called.append, but="a")
    assert called == ["c", "b"]
    bus.leave(ONE, "c")
    bus.leave(ONE, "never came")
    assert list(bus.of(ONE)) == ["a", "b"]


def test_who_leaves_meanwhile_is_not_called() -> None:
    bus: Bus[str] = Bus()
    for name in ("a", "b"):
        bus.join(ONE, name)
    called: list[str] = []

    def call(name: str) -> None:
        called.append(name)
        bus.leave(ONE, "b")

    bus.publish(ONE, call)
    assert called == ["a"]
