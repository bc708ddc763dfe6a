"""What the tray makes of what the agent tells."""

from __future__ import annotations

from typing import Any

import pytest

from syncagent.desktop.standing import PATIENCE, Face, Sight, Standing
from tests.desktop.told import OFFLINE, PAUSED, SYNCING, asked, conflicts, line, told


def seen(said: dict[str, Any] | None, now: float = 100.0) -> Standing:
    sight = Sight()
    sight.see(said, now)
    return sight.standing(now)


def test_in_sync() -> None:
    standing = seen(told())
    assert (standing.face, standing.headline) == (Face.IDLE, "Everything is in sync")
    assert standing.details == ("1,234 files and folders",)
    assert standing.running
    assert standing.root == "/home/ann/Sync"


def test_large_files_that_wait_are_counted() -> None:
    guest = {"large": {"count": 2, "bytes": 30_000_000}}
    standing = seen(told(state="waiting", in_sync=False, reason="the network is metered", guest=guest))
    assert standing.details == ("2 files, 30.0 MB",)
    assert (standing.spared, standing.paused) == ("the network is metered", False)


def test_no_agent() -> None:
    sight = Sight()
    sight.see(told(recent=[{"time": 1.0, "what": "added", "path": "a", "by": ""}]), 1.0)
    sight.see(None, 2.0)
    standing = sight.standing(2.0)
    assert (standing.face, standing.headline, standing.running) == (Face.OFFLINE, "syncagent is not running", False)
    assert (standing.root, len(standing.recent)) == ("/home/ann/Sync", 1), "the folder can be opened all the same"


@pytest.mark.parametrize(
    ("said", "face", "headline"),
    [
        (OFFLINE, Face.OFFLINE, "Offline"),
        (SYNCING, Face.SYNCING, "Syncing 12 changes"),
        (PAUSED, Face.PAUSED, "Paused"),
        (told(state="paused", in_sync=False, reason="the network is metered", pause={"paused": False, "until": None}),
         Face.PAUSED, "Paused: the network is metered"),
        (told(state="waiting", in_sync=False, reason="the network is metered"), Face.PAUSED,
         "Large files wait: the network is metered"),
        (told(state="waiting", in_sync=False, reason="the network is metered", conflicts=conflicts(2)), Face.ATTENTION,
         "2 conflicts to look at"),
        (told(state="starting", in_sync=False), Face.SYNCING, "Looking through the folder"),
        (told(state="catching up", in_sync=False), Face.SYNCING, "Hearing what is new"),
        (told(conflicts=conflicts(2)), Face.ATTENTION, "2 conflicts to look at"),
        (told(state="held", in_sync=False, stuck="held", asked=[asked()]), Face.ATTENTION,
         "Waiting for your yes or no: 12 deletes made here"),
        (told(state="halted", in_sync=False, reason="the agent failed"), Face.ATTENTION, "The agent failed"),
        (told(state="offline", in_sync=False, stuck="hub", lines=[line("hub", "the hub does not know this key")]),
         Face.ATTENTION, "The hub does not know this key"),
        (told(state="paused", in_sync=False, stuck="folder", lines=[line("folder", "the folder is gone")]),
         Face.ATTENTION, "The folder is gone"),
        ({**PAUSED, "conflicts": conflicts(1)}, Face.PAUSED, "Paused"),
        ({**OFFLINE, "conflicts": conflicts(1)}, Face.ATTENTION, "1 conflict to look at"),
    ],
)  # fmt: skip
def test_faces(said: dict[str, Any], face: Face, headline: str) -> None:
    standing = seen(said)
    assert (standing.face, standing.headline) == (face, headline)


@pytest.mark.hazard("N15")
@pytest.mark.parametrize(
    "said",
    [
        told(in_sync=False),
        told(in_sync=False, lines=[line("watch", "watching: degraded; the limit is reached")]),
        told(in_sync=True, lines=[line("watch", "watching: degraded; the limit is reached")]),
        told(state="syncing"),
        told(state="something new"),
        told(in_sync="yes"),
        {},
    ],
)
def test_the_face_of_rest_is_shown_only_when_all_is_in_sync_and_the_watcher_sees_everything(said: Any) -> None:
    assert seen(said).face is not Face.IDLE


def test_a_degraded_watcher_needs_the_person() -> None:
    standing = seen(told(in_sync=False, lines=[line("watch", "watching: degraded; the limit is reached")]))
    assert standing.face is Face.ATTENTION
    assert standing.troubles[0].kind == "watch"


def test_a_file_that_cannot_be_kept_needs_the_person_when_it_stays_so() -> None:
    rows = [{"path": f"f{number}", "reason": "the disk is full"} for number in range(10)]
    said = told(in_sync=False, state="syncing", held=rows, counts={"held": 40, "unreadable": 0, "skipped": 0})
    sight = Sight()
    sight.see(said, 100.0)
    assert sight.standing(100.0).face is Face.SYNCING
    sight.see(said, 100.0 + PATIENCE)
    found = sight.standing(100.0 + PATIENCE)
    assert found.face is Face.ATTENTION
    assert found.headline == "40 files cannot be kept the same (f0: the disk is full)"
    sight.see(told(), 120.0)
    sight.see(said, 121.0)
    assert sight.standing(121.0).troubles == (), "it is another time"


def test_progress_says_how_much_is_done_and_how_fast_it_goes() -> None:
    sight = Sight()
    sight.see({**SYNCING, "pending": 40, "traffic": {"sent": 0, "received": 0}}, 100.0)
    sight.see({**SYNCING, "pending": 12, "traffic": {"sent": 4_000_000, "received": 200_000}}, 102.0)
    assert sight.standing(102.0).details == ("28 of 40 done, 45.0 MB to send, 2.1 MB/s",)
    sight.see(told(), 103.0)
    sight.see({**SYNCING, "transfers": {}, "pending": 5}, 104.0)
    assert sight.standing(104.0).details == (), "it is counted anew for each burst"


def test_of_a_file_whose_end_is_not_known_it_says_what_was_carried() -> None:
    sight = Sight()
    said = {**SYNCING, "transfers": {"upload_bytes": 0, "download_bytes": 0}, "pending": 1}
    sight.see({**said, "traffic": {"sent": 900_000, "received": 0, "content_sent": 900_000}}, 100.0)
    sight.see({**said, "traffic": {"sent": 4_900_000, "received": 0, "content_sent": 4_900_000}}, 102.0)
    assert sight.standing(102.0).details == ("4.0 MB sent, 2.0 MB/s",)
    sight.see(told(), 103.0)
    sight.see({**said, "traffic": {"sent": 4_900_000, "received": 0, "content_sent": 4_900_000}}, 104.0)
    assert sight.standing(104.0).details == (), "each burst is counted by itself"


def test_the_rate_of_another_agent_is_not_that_of_the_one_before() -> None:
    sight = Sight()
    sight.see({**SYNCING, "traffic": {"sent": 10**9, "received": 0}}, 100.0)
    sight.see({**SYNCING, "traffic": {"sent": 5, "received": 0}}, 101.0)
    assert "MB/s" not in sight.standing(101.0).details[0]


def test_offline_says_since_when_and_what_waits() -> None:
    assert seen(OFFLINE).details == ("No connection to the hub; last heard 5 min ago", "3 changes waiting")


def test_all_that_needs_the_person_is_said() -> None:
    standing = seen(told(asked=[asked(3), asked(4, 50, "incoming")], conflicts=conflicts(1), state="syncing",
                         transfers={"upload_bytes": 5, "download_bytes": 0}, pending=3, in_sync=False))  # fmt: skip
    assert standing.headline.startswith("Waiting for your yes or no: 12 deletes made here")
    assert standing.details == (
        "Waiting for your yes or no: 50 deletes made elsewhere", "1 conflict to look at", "5 B to send",
    )  # fmt: skip
