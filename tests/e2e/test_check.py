"""`check` and what every test ends with, by the command line of real processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from syncagent.agent.places import places
from syncagent.control import ControlClient
from tests.e2e import last_word
from tests.e2e.machines import HubProcess, Machine, in_sync

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.mark.hazard("N15")
def test_a_check_says_that_all_is_the_same_or_what_is_open(
    machines: tuple[Machine, Machine], hub: HubProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, bert = machines
    (anna.root / "a").write_text("1")
    in_sync(anna, bert)
    for machine in machines:
        answer = machine.ask("check")
        assert (answer.returncode, answer.stdout.startswith("all the same: 1 file,")) == (0, True), answer
    bert.ask("pause")
    (anna.root / "b").write_text("2")
    anna.wait()
    answer = bert.ask("check", "--json", "--timeout", "0")
    found = json.loads(answer.stdout)
    assert (answer.returncode, found["verdict"]) == (3, "open"), answer
    assert [(one["path"], one["kind"], one["agree"]) for one in found["findings"]] == [("b", "open", "disk+synced")]
    bert.ask("resume")
    in_sync(anna, bert)

    asked: list[str] = []
    follow, call = ControlClient.follow, ControlClient.call
    monkeypatch.setattr(
        ControlClient, "follow", lambda one, name, **args: asked.append(name) or follow(one, name, **args)
    )
    monkeypatch.setattr(ControlClient, "call", lambda one, name, **args: asked.append(name) or call(one, name, **args))
    last_word.last_word([machine.data for machine in machines], hub.data)
    assert asked == ["check", "check", "fsck"], "and each was answered"
    assert call(ControlClient(places(Path(hub.data)).control), "fsck", within=60)["wrong"] == 0
