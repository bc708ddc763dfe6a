"""Whether there is room: found out when something is to come or did not fit, told once, and so is its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from syncagent.agent.room import LOOK_SECONDS, Room, usage_of
from tests.support.agents import config_in
from tests.support.virtual_time import run_virtually

WHOLE = 1_000_000_000


class Disks:
    """Two disks: that of the folder, and that of the agent's own files."""

    def __init__(self, base: Path, min_free: str = "1%") -> None:
        self.config = config_in(base, min_free=min_free)
        self.free = {self.config.sync_root: WHOLE, self.config.data_dir: WHOLE}
        self.looked = 0
        self.wanted = True
        self.trash = 0
        self.told: list[str] = []
        self.room = self._made()

    def refuse(self) -> None:
        self.room.refused()

    def anew(self) -> None:
        """A new life of the agent."""
        self.room, self.told = self._made(), []

    def _made(self) -> Room:
        return Room(self.config, lambda event: self.told.append(event.reason), self._give, self._usage)

    def _usage(self, folder: Path) -> tuple[int, int]:
        self.looked += 1
        if folder not in self.free:
            raise OSError(2, "gone")
        return WHOLE, self.free[folder]

    def _give(self) -> bool:
        self.free[self.config.sync_root] += self.trash
        given, self.trash = self.trash, 0
        return bool(given)


class AtOnce:
    """A lane that does its work in the loop."""

    def do(self, work: Callable[[], None]) -> None:
        work()


def over_time(disks: Disks, *deeds: Callable[[], None]) -> list[str]:
    """What is told while these are done, one after the other, with time enough for a look after each."""

    async def live() -> None:
        disks.anew()
        watching = asyncio.ensure_future(disks.room.watch(AtOnce(), lambda: disks.wanted))  # type: ignore[arg-type]
        await asyncio.sleep(LOOK_SECONDS / 2)
        for deed in deeds:
            deed()
            await asyncio.sleep(LOOK_SECONDS)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    run_virtually(live())
    return disks.told


@pytest.mark.hazard("B7")
def test_a_disk_without_room_is_told_once_and_so_is_its_end(tmp_path: Path) -> None:
    disks = Disks(tmp_path)

    def free(folder: Path, size: int) -> Callable[[], None]:
        return lambda: disks.free.update({folder: size})

    root, data = disks.config.sync_root, disks.config.data_dir
    said = over_time(
        disks, free(root, 5_000_000), free(root, 4_000_000), free(root, 11_500_000), free(root, 12_600_000),
        free(data, 1_000_000), free(data, 20_000_000),
    )  # fmt: skip
    assert said == [
        "the disk of the folder has no room: 5.0 MB are free, and 10.0 MB are to stay so (min_free)",
        "",
        "the disk of the agent's own files has no room: 1.0 MB are free, and 10.0 MB are to stay so (min_free)",
        "",
    ]


def test_where_nothing_is_to_come_no_disk_is_looked_at_unless_something_did_not_fit(tmp_path: Path) -> None:
    disks = Disks(tmp_path)
    disks.wanted = False
    disks.free[disks.config.sync_root] = 0
    assert over_time(disks, lambda: None, lambda: None) == []
    assert disks.looked == 0
    assert len(over_time(disks, disks.refuse)) == 1


def test_other_settings_count_at_once_and_nothing_kept_free_is_no_reason(tmp_path: Path) -> None:
    disks = Disks(tmp_path)
    disks.free[disks.config.sync_root] = 5_000_000
    off = disks.config.model_copy(update={"min_free": "0"})
    assert [bool(one) for one in over_time(disks, lambda: disks.room.go_by(off))] == [True, False]
    other = disks.config.model_copy(update={"min_free": "2MB"})
    said = over_time(Disks(tmp_path), lambda: None)
    assert said == []
    disks.free[disks.config.sync_root] = 500_000_000
    assert over_time(disks, lambda: disks.room.go_by(other)) == [""], "what did not fit alone may fit now"


def test_the_trash_gives_its_room_first_but_only_on_its_own_disk(tmp_path: Path) -> None:
    disks = Disks(tmp_path)
    disks.free[disks.config.sync_root], disks.trash = 5_000_000, 50_000_000
    assert over_time(disks) == []
    assert disks.trash == 0
    disks.free[disks.config.data_dir], disks.trash = 5_000_000, 50_000_000
    assert len(over_time(disks)) == 1
    assert disks.trash == 50_000_000


def test_what_cannot_be_looked_at_is_told_elsewhere(tmp_path: Path) -> None:
    disks = Disks(tmp_path)
    disks.free.clear()
    assert over_time(disks) == []
    whole, free = usage_of(tmp_path)
    assert 0 < free <= whole
