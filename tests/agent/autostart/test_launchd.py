"""The property list, read back."""

from __future__ import annotations

import plistlib

import pytest

from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.launchd import label, property_list
from syncagent.agent.autostart.seal import Hand, hand_of


@pytest.mark.parametrize("which", ["job", "hard_job"])
def test_the_list_is_read_as_it_was_meant(which: str, request: pytest.FixtureRequest) -> None:
    job = request.getfixturevalue(which)
    found = plistlib.loads(property_list(job, "/srv/d/logs/<&>.log").encode())
    assert found["Label"] == label(job)
    assert found["ProgramArguments"] == list(job.command)
    assert found["StandardErrorPath"] == "/srv/d/logs/<&>.log"
    assert found["RunAtLoad"] is True
    assert found["KeepAlive"] == {"SuccessfulExit": False}
    assert "EnvironmentVariables" not in found


def test_each_job_has_its_label(job: Job, hard_job: Job) -> None:
    assert (label(job), label(hard_job)) == ("syncagent.agent", "syncagent.agent.0a1b2c3d")


def test_the_list_is_sealed(job: Job) -> None:
    text = property_list(job, "/x")
    assert hand_of(text, text) is Hand.CURRENT
    assert hand_of(property_list(job, "/y"), text) is Hand.OUTDATED
    assert hand_of(text.replace("<true/>", "<false/>"), text) is Hand.CHANGED
