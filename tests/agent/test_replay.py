"""A real engine's run, recorded, written down, read again and replayed: the same effects, or the place where not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from syncagent.agent.plain import plain
from syncagent.agent.recorder import MOST_EVENTS, Recorder
from syncagent.agent.replay import Flight, flight_of, read_flight, replay
from syncagent.engine import events as ev
from syncagent.engine.effects import Effect, FillStage, Run, SendBlocks
from syncagent.engine.engine import Engine
from syncagent.engine.remote import RemoteSide
from syncagent.errors import BadConfig
from syncagent.model.acts import Limits
from syncagent.model.changes import Operation
from syncagent.model.ids import ClientId, NodeId
from tests.engine.test_lines import Drive
from tests.support.solo import Solo, file, large


class Recorded:
    """All that the engines of a Solo are given, and make of it, is recorded: here too, effect by effect."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.recorder = Recorder()
        self.effects: list[Sequence[Effect]] = []
        begin, step = Engine.__init__, Engine.step

        def noted_begin(engine: Engine, client_id: ClientId, machine: str, ids: Any, *, brake: Limits | None) -> None:
            self.recorder, self.effects = Recorder(client_id, machine, brake), []
            begin(engine, client_id, machine, self.recorder.ids(ids), brake=brake)

        def noted_step(engine: Engine, event: ev.Event, now: float) -> Sequence[Effect]:
            self.recorder.note(event, now)
            effects = step(engine, event, now)
            self.recorder.did(effects)
            self.effects.append(effects)
            return effects

        self._monkeypatch = monkeypatch
        monkeypatch.setattr(Engine, "__init__", noted_begin)
        monkeypatch.setattr(Engine, "step", noted_step)

    def over(self, error: BaseException | None = None) -> Flight:
        """The recording, as it is read from its file; engines are not recorded any more."""
        self._monkeypatch.undo()
        return flight_of(iter([json.loads(json.dumps(line)) for line in self.recorder.lines(error)]))


class NoIds:
    """For an engine that is to meet nothing new."""

    def new_id(self) -> NodeId:
        raise AssertionError("there is nothing new")


def without_content(effect: Effect) -> Any:
    """An effect as JSON; of the bytes of files only their number."""
    match effect:
        case FillStage(content=content, blocks=blocks):
            return plain(content), [(digest, len(data)) for digest, data in blocks]
        case SendBlocks(number=number, blocks=blocks):
            return number, [(block, len(data)) for block, data in blocks]
        case Run():
            return _without_data(plain(effect))
    return plain(effect)


def _without_data(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: len(one) if key == "data" else _without_data(one) for key, one in value.items()}
    return [_without_data(one) for one in value] if isinstance(value, list) else value


def the_same(flight: Flight, effects: list[Sequence[Effect]]) -> None:
    steps = list(replay(flight))
    assert [(step.differs, step.failure) for step in steps if step.differs or step.failure] == []
    assert len(steps) == len(effects)
    for then, now in zip(effects, steps, strict=True):
        assert [without_content(one) for one in now.effects] == [without_content(one) for one in then]


def test_a_run_with_all_that_happens_is_replayed_to_the_last_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = Recorded(monkeypatch)
    solo = Solo().synced(a=b"1", b=b"2")
    solo.user.write("big", large("big"))
    solo.hinted("big").accept_all()
    solo.hear(solo.entry(file("x", "theirs", b"t" * 9))).give(b"t" * 9)
    solo.user.delete("a")
    solo.hinted("a").pass_time(1).accept_all()
    solo.offline().pass_time(5)
    solo.user.write("b", b"edited here")
    solo.hinted("b")
    head = solo.entry(file(solo.id_of("b"), "b", b"edited there"), Operation.UPDATE)
    solo.online(head).give(b"edited there").accept_all()
    assert solo.status.in_sync
    assert len(recorded.effects) > 30
    the_same(recorded.over(), recorded.effects)


@pytest.mark.parametrize("seed", range(15))
def test_whatever_happens_to_an_engine_is_replayed(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    recorded = Recorded(monkeypatch)
    Drive(seed).run(50)
    the_same(recorded.over(), recorded.effects)


def test_what_was_started_from_a_database_is_replayed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = Recorded(monkeypatch)
    solo = Solo().synced(a=b"1", big=large("big"))
    solo.user.write("a", b"edited while it was off")
    solo.start().online().accept_all()
    assert solo.status.in_sync
    the_same(recorded.over(), recorded.effects)


def test_it_fails_where_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(side: RemoteSide, event: ev.Heard) -> Any:
        raise ZeroDivisionError("a bug")

    recorded = Recorded(monkeypatch)
    solo = Solo().synced(a=b"1")
    with pytest.MonkeyPatch.context() as bug:
        bug.setattr(RemoteSide, "heard", fail)
        with pytest.raises(ZeroDivisionError) as caught:
            solo.hear(solo.entry(file("x", "new", b"n")))
        flight = recorded.over(caught.value)
        assert "ZeroDivisionError: a bug" in flight.error
        *before, last = replay(flight)
        assert isinstance(last.failure, ZeroDivisionError)
        assert (last.differs, {step.differs for step in before}) == ("", {""})
    *_, mended = replay(flight)
    assert (mended.failure, mended.differs) == (None, "it failed then"), "the bug is mended"


def test_another_engine_is_seen_to_take_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = Recorded(monkeypatch)
    Solo().synced(a=b"1")
    flight = recorded.over()
    monkeypatch.setattr(RemoteSide, "prove", lambda side: [])
    monkeypatch.setattr(RemoteSide, "_ask", lambda side: None)
    differing = [step.differs for step in replay(flight) if step.differs]
    assert differing[0].startswith("then ")


def test_what_has_lost_its_beginning_is_not_replayed_and_says_so() -> None:
    recorder = Recorder()
    for _ in range(MOST_EVENTS + 3):
        recorder.note(ev.Tick("2026-11-22"), 0.0)
        recorder.did([])
    flight = flight_of(recorder.lines())
    assert len(flight.events) == MOST_EVENTS
    with pytest.raises(BadConfig, match="3 events are not in it"):
        list(replay(flight))
    assert "the start of the agent is not in it" in Flight("", "", 0).obstacle


def test_what_was_hinted_before_the_start_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = Recorded(monkeypatch)
    engine = Engine(ClientId("me"), "machine", NoIds(), brake=None)
    engine.step(ev.Hinted(("early",)), 1.0)
    engine.step(ev.Started(), 2.0)
    flight = recorded.over()
    assert isinstance(flight.events[0].event, ev.Hinted)
    the_same(flight, recorded.effects)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"flight": 99}', "no json", '{"flight": 1}'])
def test_a_file_that_is_no_flight_is_one_clear_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x"
    path.write_text(text)
    with pytest.raises(BadConfig, match="is not a recorded flight"):
        read_flight(path)
    with pytest.raises(BadConfig, match="cannot be read"):
        read_flight(tmp_path / "nothing")
