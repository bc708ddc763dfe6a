"""What the probe finds out."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.probe import probe
from syncagent.localfs.real import RealDisk
from tests.support.disks import Bench


@pytest.mark.parametrize(
    "disk",
    [MemoryDisk(), MemoryDisk(exchange=False), MemoryDisk(fold=str.casefold), MemoryDisk(umask=0o077)],
    ids=["usual", "no exchange", "folds case", "umask"],
)
def test_it_finds_what_the_disk_was_made_with(disk: MemoryDisk) -> None:
    bench = Bench(disk, disk.abilities)
    assert probe(disk) == disk.abilities
    assert bench.staged() == []


def test_a_clock_that_stands_still_gives_a_window() -> None:
    disk = MemoryDisk(granularity_ns=10_000_000, clock=lambda: 1_700_000_001_000_000_000)
    Bench(disk, disk.abilities)
    assert probe(disk).window_ns >= 20_000_000


def test_a_real_disk(tmp_path: Path) -> None:
    disk = RealDisk(str(tmp_path))
    bench = Bench(disk, probe_in(disk))
    assert probe(disk) == bench.abilities
    assert bench.abilities.exchange
    assert bench.staged() == []


def probe_in(disk: RealDisk) -> object:
    from syncagent.localfs.staging import Staging

    Staging(disk).sweep([])
    return probe(disk)
