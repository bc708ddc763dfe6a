"""What the probe finds out."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.memory_systems import apfs, windows
from syncagent.localfs.probe import probe
from syncagent.localfs.real import RealDisk
from syncagent.model.names import RelPath
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


@pytest.mark.hazard("C5", "N19")
@pytest.mark.parametrize("number", [errno.EBUSY, errno.ENOSPC])
@pytest.mark.parametrize("make", [MemoryDisk, windows, apfs])
def test_what_fails_in_passing_is_never_taken_for_what_the_disk_cannot_do(
    make: Callable[[], MemoryDisk], number: int
) -> None:
    """It would be believed until the next start: on a disk that takes two names for one, what was found under the
    one would be taken for the other, and sent as an edit of that."""
    disk = make()
    bench = Bench(disk, disk.abilities)
    found = probe(disk)
    for unlucky in count():
        calls = count()

        def fail_once(call: str, path: RelPath, calls: Iterator[int] = calls, unlucky: int = unlucky) -> None:
            if next(calls) == unlucky:
                raise OSError(number, os.strerror(number), path)

        disk.before_call = fail_once
        with suppress(OSError):  # and the start is tried again
            assert probe(disk) == found
        disk.before_call = lambda call, path: None
        bench.restart()
        if next(calls) <= unlucky:
            break
    assert unlucky > 20
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
