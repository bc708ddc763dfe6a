"""What is shown to others has no name and no content in it, and can still be replayed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syncagent.agent.recorder import Recorder
from syncagent.agent.redact import Redactor, as_text
from syncagent.agent.replay import flight_of, replay
from syncagent.engine import events as ev
from syncagent.model.facts import Listed, NothingThere, NotKept, RulesSeen
from syncagent.model.names import RelPath
from tests.agent.test_replay import Recorded
from tests.support.solo import Solo, content_of, file

CANARY = "canary"


def recorded(monkeypatch: pytest.MonkeyPatch) -> tuple[list[dict[str, Any]], list[Any]]:
    """A run in which everything that can have a name has one with a canary in it."""
    one = Recorded(monkeypatch)
    solo = Solo()
    solo.user.mkdir(f"{CANARY} folder")
    solo.user.write(f"{CANARY} folder/{CANARY}.txt", f"{CANARY} content".encode())
    solo.user.write(f"{CANARY}.{CANARY}", b"2")
    solo.user.symlink(f"../{CANARY}", f"{CANARY} link")
    solo.user.special(f"{CANARY} pipe")
    solo.start().online()
    solo.accept_all()
    solo.hear(solo.entry(file("x", f"{CANARY} theirs", b"t"))).give(b"t")
    solo.feed(ev.LinkDown(f"the hub at wss://{CANARY}.example cannot be reached"))
    solo.feed(ev.Configured(f"{CANARY}'s computer", None))
    solo.feed(ev.RootLost(f"/home/{CANARY} is gone"), ev.RootFound())
    solo.feed(ev.Hinted((RelPath(f"{CANARY} hint"),), reason=f"{CANARY} reason"))
    error = FileNotFoundError(2, "No such file or directory", f"/home/{CANARY}/x")
    lines = [json.loads(json.dumps(line)) for line in one.recorder.lines(error)]
    lines[0] |= {"client_id": f"{CANARY}-1", "machine": f"{CANARY}'s laptop"}
    one.over()
    return lines, one.effects


@pytest.mark.hazard("G7")
def test_no_name_no_content_and_no_text_with_a_name_in_it_is_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    lines, _ = recorded(monkeypatch)
    assert CANARY in as_text(lines)
    text = as_text(Redactor().lines(lines))
    assert CANARY not in text
    assert CANARY.encode().hex() not in text
    digest = content_of(f"{CANARY} content".encode())[0].digest
    assert digest.hex() in as_text(lines)
    assert digest.hex() not in text, "whoever has the content could know it by that"
    assert "FileNotFoundError" in text


def test_equal_names_stay_equal_within_one_export_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    for path in ("a/secret.txt", "a/other.weird", "secret.txt", ".syncagent/park/x"):
        recorder.note(ev.Hinted((RelPath(path),)), 0.0)
    one, other = ([line["event"]["paths"][0] for line in list(Redactor().lines(recorder.lines()))[1:]] for _ in "12")
    folder, _, name = one[0].partition("/")
    assert one[1].startswith(folder + "/")
    assert one[2] == name
    assert name.endswith(".txt")
    assert "weird" not in one[1]
    assert one[3].startswith(".syncagent/park/n")
    assert not set(one) & set(other)


def test_what_is_exported_can_be_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    lines, effects = recorded(monkeypatch)
    flight = flight_of(Redactor().lines(lines))
    flight.error = ""
    steps = list(replay(flight))
    assert len(steps) == len(effects)
    assert {step.differs for step in steps} == {""}


def test_what_only_its_name_was_kept_of_goes_through() -> None:
    recorder = Recorder()
    recorder.note(ev.Seen(1, (NotKept(RelPath("a"), "it is a pipe"),) * 30_000, last=True), 0.0)
    recorder.note(ev.Seen(1, (NotKept(RelPath("a"), "it is a pipe"), NothingThere(RelPath("b"))), last=True), 0.0)
    _, first, second = Redactor().lines(recorder.lines())
    assert first["event"] == "Seen of 30001 items"
    assert second["event"]["facts"][0]["reason"] == "it is a pipe"


def test_names_that_rules_leave_out_are_not_told_nor_are_the_rules() -> None:
    rules = RulesSeen(RelPath("d/.syncignore"), b"secret")
    seen = ev.Seen(1, (Listed(RelPath(""), frozenset({"secret"}), frozenset({"secret"})), rules), last=True)
    recorder = Recorder()
    recorder.note(seen, 0.0)
    text = as_text(Redactor(b"salt").lines(json.loads(json.dumps(line)) for line in recorder.lines()))
    assert "secret" not in text and b"secret".hex() not in text
