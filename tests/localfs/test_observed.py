"""Eyes by watchdog's observer; what is seen with them on a real disk is in ``test_watcher.py``."""

from __future__ import annotations

from pathlib import Path

import pytest
from watchdog.observers.polling import PollingObserver

from syncagent.localfs.lookout import Blind
from syncagent.localfs.observed import Observed, has_lost, observed, telling


def test_it_is_known_when_the_system_has_dropped_something() -> None:
    assert not has_lost([0x100, 0x1000 | 0x10000])  # created; modified, a file
    for flag in (0x1, 0x2, 0x4, 0x8, 0x40, 0x80):
        assert has_lost([0x100, flag | 0x10000])


@pytest.mark.hazard("A1")
def test_what_is_dropped_makes_it_blind_and_the_events_go_on() -> None:
    given: list[list[int]] = []

    class Emitter:
        """Stands for watchdog's of macOS."""

        def events_callback(self, paths: list[bytes], inodes: list[int], flags: list[int], ids: list[int]) -> None:
            given.append(flags)

    eyes = Observed("/", lambda *_, **__: None, PollingObserver())
    emitter = telling(Emitter, eyes.lose)()
    emitter.events_callback([b"/a"], [1], [0x100], [1])
    eyes.step(0)
    emitter.events_callback([b"/"], [1], [0x1], [2])
    with pytest.raises(Blind) as caught:
        eyes.step(0)
    assert caught.value.reason == "overflow"
    assert given == [[0x100], [0x1]]


def test_it_stands_on_this_system(tmp_path: Path) -> None:
    eyes = observed(str(tmp_path), lambda *_, **__: None)
    eyes.open()
    assert eyes.standing
    eyes.close()
