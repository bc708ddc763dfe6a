"""Two machines that have the same come to an empty hub at once: content goes up once, however slow all of it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from syncagent.engine import at_hand
from syncagent.engine import events as ev
from syncagent.engine.downloads import Downloads
from syncagent.hub.member import Member
from syncagent.model.ids import Digest
from syncagent.protocol.codec import Pack
from tests.sim.links import Wire
from tests.sim.world import World

LONGEST = 400


class Counts:
    """How often each block was sent, and how often it was received."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: Counter[Digest] = Counter()
        self.received: Counter[Digest] = Counter()
        pack, came = Member.pack, Downloads.came

        def packed(member: Member, said: Pack, *more: object) -> object:
            self.sent.update(digest for digest, _ in said.blocks)
            return pack(member, said, *more)  # type: ignore[arg-type]

        def arrived(downloads: Downloads, event: ev.BlocksCame) -> object:
            self.received.update(digest for digest, _ in event.blocks)
            return came(downloads, event)

        monkeypatch.setattr(Member, "pack", packed)
        monkeypatch.setattr(Downloads, "came", arrived)


def linked(small: int, large: int, large_bytes: int, *, store: float, reads: float, rate: float) -> World:
    """So many files on both; ``store`` and ``reads``: seconds, at most, for each turn of the hub's store and for each
    thing that an agent reads; ``rate``: bytes a second of the way up."""
    world, chance = World(1, 2, faults=False), Random(1)
    soon = world.schedule.soon

    def slowly(what: str, action: Callable[[], None], most: float = 0.05, rng: Random | None = None) -> None:
        slow = {"store": store, "look": reads, "read": reads}.get(what.rpartition(" ")[2], 0.0)
        soon(what, action, max(most, slow), rng)

    def dialled(wire: Wire) -> None:
        wire.up.rate = rate

    world.schedule.soon = slowly  # type: ignore[method-assign]
    files = [chance.randbytes(600) for _ in range(small)] + [chance.randbytes(large_bytes) for _ in range(large)]
    for number, data in enumerate(files):
        world.will_write(data)
        for agent in world.agents:
            if number % 100 == 0:
                agent.disk.user.mkdir(f"d{number // 100}")
            agent.disk.user.write(f"d{number // 100}/f{number}", data)
    for agent in world.agents:
        agent.dialled = dialled
        agent.start()
    while not all(agent.status.in_sync for agent in world.agents):
        assert world.schedule.now < LONGEST, world.describe()
        world.pass_time(1.0)
    return world


@pytest.mark.sim
@pytest.mark.parametrize(
    ("small", "large", "large_bytes", "store", "reads", "rate"),
    [
        pytest.param(6_000, 0, 0, 0.004, 0.0, 50e6, id="all quick"),
        pytest.param(2_000, 20, 200_000, 3.0, 6.0, 50e6, id="slow disks"),
        pytest.param(2_000, 20, 200_000, 8.0, 8.0, 50e6, id="very slow disks"),
        pytest.param(3_000, 30, 200_000, 0.1, 0.0, 1e5, id="a slow way"),
        pytest.param(100, 2, 10_000_000, 0.004, 0.0, 3e5, id="large files on a slow way"),
    ],
)
def test_what_both_have_is_sent_once_and_received_by_nobody(
    small: int,
    large: int,
    large_bytes: int,
    store: float,
    reads: float,
    rate: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(at_hand, "AT_HAND", 200_000)  # as of a large folder, most is read anew to be sent
    counts = Counts(monkeypatch)
    world = linked(small, large, large_bytes, store=store, reads=reads, rate=rate)
    assert counts.sent.keys() == world.hub.blocks.keys()
    assert sum(counts.sent.values()) - len(counts.sent) == 0, "sent again"
    assert not counts.received
