"""A machine that is to be spared: nothing is carried over, or no large file is, also where one is half way."""

from __future__ import annotations

import pytest

from syncagent.engine import downloads, passing, uploads
from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine.lines import Around, in_sync, lines
from syncagent.engine.spared import first_within, kept_back, within
from syncagent.engine.status import State
from syncagent.localfs import perusal, scanner
from syncagent.model.changes import Operation
from syncagent.model.ids import NodeId
from tests.support.solo import Solo, content_of, file, large

BIG = large("big", 20)
WINDOW = 512 * 1024
MOST = 1_000_000
COSTLY = ev.Restrained("the network is metered", MOST)
NOTHING = ev.Restrained("the battery is at 9 %", 0)
FREE = ev.Restrained()
CRAMPED, ROOM = ev.Cramped("the disk has no room"), ev.Cramped()
PAUSED, RESUMED = ev.Paused(paused=True), ev.Paused(paused=False)


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (uploads, downloads):
        monkeypatch.setattr(module, "WINDOW", WINDOW)
        monkeypatch.setattr(module, "WINDOWS_AT_ONCE", 2)


def tell(solo: Solo, name: str, data: bytes) -> Solo:
    """Another machine has created a file."""
    return solo.hear(solo.entry(file(f"id-{name}", name, data), recipe=content_of(data)[1]))


def give_once(solo: Solo, data: bytes) -> int:
    """The hub answers what was asked for so far; how many requests that were."""
    blocks: dict[bytes, bytes] = {}
    offset = 0
    for block in content_of(data)[1]:
        blocks[block.digest] = data[offset : offset + block.size]
        offset += block.size
    asked = solo.drain(ef.AskBlocks)
    for one in asked:
        solo.feed(ev.BlocksCame(tuple((digest, blocks[digest]) for digest in one.digests)))
        solo.feed(ev.BlocksEnded(one.number, frozenset()))
    return len(asked)


def take_once(solo: Solo) -> int:
    """The hub takes what was sent so far; how many frames that were."""
    sent = solo.drain(ef.SendBlocks)
    solo.feed(*[ev.BlocksSent(one.number) for one in sent if one.number])
    return len(sent)


def uploading() -> Solo:
    """The hub lacks all of a large file, and nothing of it has left yet."""
    solo = Solo().synced()
    solo.user.write("big", BIG)
    solo.hinted("big")
    for asked in solo.drain(ef.AskMissing):
        solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    return solo


STOPS = [(PAUSED, RESUMED), (NOTHING, FREE), (COSTLY, FREE)]
NO_ROOM = (CRAMPED, ROOM)


@pytest.mark.hazard("B7")
@pytest.mark.parametrize(("stop", "go_on"), [*STOPS, NO_ROOM])
def test_a_large_download_stops_half_way_and_goes_on_where_it_was(stop: ev.Event, go_on: ev.Event) -> None:
    solo = tell(Solo().synced(), "big", BIG)
    assert give_once(solo, BIG)
    solo.feed(stop)
    give_once(solo, BIG)  # what had been asked for comes
    assert give_once(solo, BIG) == 0
    half = solo.status.downloading
    assert half
    solo.feed(go_on)
    assert solo.tree() == {}
    while give_once(solo, BIG):
        pass
    assert solo.tree() == {"big": BIG}


@pytest.mark.parametrize(("stop", "go_on"), STOPS)
def test_a_large_upload_stops_half_way_and_goes_on_where_it_was(stop: ev.Event, go_on: ev.Event) -> None:
    solo = uploading()
    assert take_once(solo)
    solo.feed(stop)
    take_once(solo)
    assert take_once(solo) == 0
    left = solo.status.uploading
    assert 0 < left < len(BIG)
    solo.feed(go_on)
    frames = 0
    while now := take_once(solo):
        frames += now
    assert frames == -(-left // WINDOW)
    solo.accept()
    assert solo.status.in_sync


def test_small_files_pass_by_large_ones_that_wait() -> None:
    solo = uploading()
    solo.feed(COSTLY)
    take_once(solo)
    for number in range(uploads.JOBS_AT_ONCE + 1):
        solo.user.write(f"large{number}", large(f"{number}", 16))
    solo.user.write("middle", large("middle", 3))  # large enough to be asked about, and allowed
    solo.user.write("a", b"a word")
    solo.hinted("a", "middle", *(f"large{number}" for number in range(uploads.JOBS_AT_ONCE + 1)))
    for asked in solo.drain(ef.AskMissing):
        solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    take_once(solo)
    assert {one.name for one in solo.accept() if one.name} == {"a", "middle"}
    tell(solo, "theirs", b"theirs").give(b"theirs")
    assert solo.tree()["theirs"] == b"theirs"


def test_what_waits_for_that_alone_is_said_and_nothing_is_called_in_sync() -> None:
    solo = tell(Solo().synced(), "big", BIG)
    solo.feed(COSTLY)
    give_once(solo, BIG)
    status = solo.status
    assert (status.state, status.reason) == (State.WAITING, "the network is metered")
    assert status.kept_back == (1, len(BIG))
    said = lines(status, Around())
    assert not in_sync(said)
    (large_line,) = [line for line in said if line.kind == "large"]
    assert large_line.text == (
        "1 file of more than 1.0 MB (5.2 MB) waits because the network is metered; `resume` goes on all the same"
    )
    solo.user.write("a", b"a word")
    solo.hinted("a")
    assert solo.status.state is State.SYNCING
    solo.accept()
    assert solo.status.state is State.WAITING
    solo.feed(FREE).give(BIG)
    assert (solo.status.state, solo.status.kept_back) == (State.IDLE, (0, 0))


def test_a_pause_of_the_machines_says_why_and_one_of_a_persons_does_not() -> None:
    solo = Solo().synced().feed(NOTHING)
    assert (solo.status.state, solo.status.reason) == (State.PAUSED, "the battery is at 9 %")
    (line,) = lines(solo.status, Around())
    assert line.text == (
        "paused because the battery is at 9 %: nothing is sent and nothing received; `resume` goes on all the same"
    )
    solo.feed(PAUSED)
    assert (solo.status.state, solo.status.reason) == (State.PAUSED, "")
    solo.feed(FREE)
    assert solo.status.state is State.PAUSED
    solo.feed(RESUMED)
    assert solo.status.in_sync


def test_a_large_new_file_is_read_to_its_end_and_nothing_of_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "LARGE", 4 << 20)
    monkeypatch.setattr(perusal, "PART", 1 << 20)
    solo = Solo().synced().feed(COSTLY)
    solo.user.write("big", BIG)
    solo.hinted("big")
    assert solo.drain(ef.AskMissing) == []
    assert solo.drain(ef.SendBlocks) == []
    assert solo.status.kept_back == (1, len(BIG))


def test_what_is_being_sent_while_it_is_read_stops_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "LARGE", 4 << 20)
    monkeypatch.setattr(perusal, "PART", 1 << 20)
    monkeypatch.setattr(passing, "PROBE_AFTER", 100)
    solo = Solo().synced()
    solo.user.write("big", BIG)
    solo.hinted("big")
    (asked,) = solo.drain(ef.AskMissing)
    solo.feed(ev.HubLacks(asked.number, frozenset(asked.digests)))
    assert solo.drain(ef.SendBlocks)
    solo.feed(COSTLY)
    assert take_once(solo) == 0
    assert solo.drain(ef.AskMissing) == []


@pytest.mark.hazard("B7", "N15")
def test_without_room_nothing_is_asked_for_and_all_that_needs_none_goes_on() -> None:
    solo = Solo().synced()
    tell(solo, "old", b"first").give(b"first")
    solo.feed(CRAMPED)
    assert solo.status.in_sync, "nothing waits for it yet"
    assert [(line.kind, line.hinders) for line in lines(solo.status, Around())] == [("room", False)]
    tell(solo, "small", b"small")
    tell(solo, "big", BIG)
    solo.user.write("mine", b"mine")
    solo.hinted("mine")
    solo.accept()
    solo.hear(solo.entry("id-old", Operation.DELETE))
    assert solo.drain(ef.AskBlocks) == []
    assert solo.drain(ef.GiveRoom) == []
    assert solo.tree() == {"mine": b"mine"}
    assert (solo.status.state, solo.status.reason) == (State.WAITING, "the disk has no room")
    said = lines(solo.status, Around())
    assert not in_sync(said)
    assert "the disk has no room; what comes from the hub waits for it" in [line.text for line in said]
    solo.feed(ROOM).give(b"small", BIG)
    assert solo.tree() == {"mine": b"mine", "small": b"small", "big": BIG}
    assert solo.status.in_sync


@pytest.mark.hazard("B7")
def test_what_a_full_disk_refused_is_tried_again_as_soon_as_there_is_room() -> None:
    solo = Solo().synced()
    solo.disk.free = 0
    tell(solo, "small", b"small").give(b"small")
    assert solo.status.held
    solo.pass_time(100)
    solo.feed(CRAMPED)
    solo.disk.free = None
    solo.feed(ROOM).give(b"small")
    assert solo.tree() == {"small": b"small"}


class Job:
    def __init__(self, name: str, size: int) -> None:
        self.size = size
        self.nodes = {NodeId(name): None}


def test_how_large_is_too_large() -> None:
    small, huge = Job("small", 10), Job("huge", 11)
    assert [within(most, 10) for most in (None, 0, 9, 10)] == [True, False, False, True]
    assert first_within(10, [huge, small]) is small
    assert first_within(9, [huge, small]) is None
    assert kept_back(10, [huge, small]) == {"huge": 11}
    assert kept_back(None, [huge, small]) == {}
