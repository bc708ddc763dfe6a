"""What is remembered of the last events, and what is not."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

from syncagent.agent.recorder import DUMPS_KEPT, MOST_EVENTS, MOST_ITEMS, Recorder
from syncagent.engine.effects import WakeAt
from syncagent.engine.events import BlocksCame, BlocksRead, Paused, Seen, Started, Tick
from syncagent.model.acts import Limits
from syncagent.model.facts import FileSeen, NothingThere, Stamp
from syncagent.model.ids import Digest, NodeId
from syncagent.model.names import RelPath
from syncagent.model.nodes import Content

WHEN = datetime(2026, 11, 22, 23, 18, tzinfo=UTC)
SECRET = b"what is in the file"


class Counted:
    def __init__(self) -> None:
        self.count = 0

    def new_id(self) -> NodeId:
        self.count += 1
        return NodeId(f"n{self.count}")


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_dump_has_the_events_in_order_and_the_error(tmp_path: Path) -> None:
    recorder = Recorder("laptop-1", "Laptop", Limits())
    ids = recorder.ids(Counted())
    recorder.note(Tick("2026-11-22"), 1.5)
    ids.new_id()
    recorder.did([WakeAt(3.0)])
    recorder.note(Paused(paused=True), 2.5)
    path = recorder.dump(tmp_path / "flight", ValueError("boom"), WHEN)
    head, first, second, last = lines(path)
    assert head == {"flight": 1, "client_id": "laptop-1", "machine": "Laptop", "brake": [10, 0.5, 1000], "lost": 0}
    assert first == {
        "now": 1.5,
        "event": {"_": "Tick", "day": "2026-11-22", "hour": ""},
        "ids": ["n1"],
        "effects": ["WakeAt"],
    }
    assert second == {"now": 2.5, "event": {"_": "Paused", "paused": True}, "ids": [], "effects": None}
    assert "ValueError: boom" in str(last["error"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_content_is_kept(tmp_path: Path) -> None:
    recorder, digest = Recorder(), Digest(b"\x07" * 32)
    seen = FileSeen(RelPath("a"), Stamp(b"s"), False, 0, Content(digest, len(SECRET)), (), SECRET)
    recorder.note(Seen(1, (NothingThere(RelPath("b")), seen), last=True), 0)
    recorder.note(BlocksCame(((digest, SECRET),)), 0)
    recorder.note(BlocksRead(1, ((digest, SECRET),), ()), 0)
    text = recorder.dump(tmp_path, ValueError(), WHEN).read_text()
    assert SECRET.decode() not in text
    assert SECRET.hex() not in text
    assert text.count("0x" + "00" * len(SECRET)) == 3, "zeros of the same length stand for it"
    assert text.count(digest.hex()) == 3


def test_memory_is_bounded() -> None:
    recorder = Recorder()
    for _ in range(MOST_EVENTS + 5):
        recorder.note(Tick("2026-11-22"), 0)
    assert (len(recorder), recorder.lost) == (MOST_EVENTS, 5)
    facts = tuple(NothingThere(RelPath(str(number))) for number in range(MOST_ITEMS // 4))
    for _ in range(10):
        recorder.note(Seen(1, facts, last=False), 0)
    assert len(recorder) == 3


def test_an_event_that_is_larger_than_all_others_leaves_only_its_name(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.note(Started(rows=(None,) * (MOST_ITEMS + 1)), 0)  # type: ignore[arg-type]
    recorder.note(Tick("2026-11-22"), 0)
    assert len(recorder) == 2
    assert str(lines(recorder.dump(tmp_path, ValueError(), WHEN))[1]["event"]).startswith("Started of ")
    assert recorder.lost == 1


def test_old_dumps_go(tmp_path: Path) -> None:
    for day in range(1, DUMPS_KEPT + 4):
        Recorder().dump(tmp_path, ValueError(), WHEN.replace(day=day))
    kept = sorted(path.name[:15] for path in tmp_path.iterdir())
    assert kept == [f"flight-202611{day:02}" for day in range(4, DUMPS_KEPT + 4)]


def test_it_can_be_written_down_when_nothing_has_failed(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.note(Tick("2026-11-22"), 0)
    assert [sorted(line) for line in lines(recorder.dump(tmp_path, None, WHEN))] == [
        ["brake", "client_id", "flight", "lost", "machine"],
        ["effects", "event", "ids", "now"],
    ]
