"""The task, against what the schema of the scheduler wants, and as the scheduler may give it back."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.seal import Hand
from syncagent.agent.autostart.task import hand_of_task, is_enabled, leaves, task, task_name

SPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
SETTINGS = {
    "AllowStartOnDemand", "RestartOnFailure", "MultipleInstancesPolicy", "DisallowStartIfOnBatteries",
    "StopIfGoingOnBatteries", "AllowHardTerminate", "StartWhenAvailable", "NetworkProfileName",
    "RunOnlyIfNetworkAvailable", "WakeToRun", "Enabled", "Hidden", "DeleteExpiredTaskAfter", "IdleSettings",
    "NetworkSettings", "ExecutionTimeLimit", "Priority", "RunOnlyIfIdle",
}  # fmt: skip
"""What ``settingsType`` of the schema (version 1.2) may hold."""


def parsed(text: str) -> ET.Element:
    # The parser wants bytes that are in the encoding which the first line says.
    return ET.fromstring(text.encode("utf-16"))


def names(element: ET.Element) -> list[str]:
    return [one.tag.removeprefix(SPACE) for one in element]


@pytest.mark.parametrize("which", ["job", "hard_job"])
def test_it_has_the_elements_of_the_schema(which: str, request: pytest.FixtureRequest) -> None:
    job = request.getfixturevalue(which)
    root = parsed(task(job, "DESK\\ann & <co>"))
    assert (root.tag, root.get("version")) == (f"{SPACE}Task", "1.2")
    assert names(root) == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
    assert root.findtext(f"{SPACE}RegistrationInfo/{SPACE}Description") == job.title
    assert root.findtext(f"{SPACE}Triggers/{SPACE}LogonTrigger/{SPACE}UserId") == "DESK\\ann & <co>"
    settings = root.find(f"{SPACE}Settings")
    assert settings is not None
    assert set(names(settings)) <= SETTINGS
    assert settings.findtext(f"{SPACE}ExecutionTimeLimit") == "PT0S", "without a word it is ended after three days"
    principal, actions = root.find(f"{SPACE}Principals/{SPACE}Principal"), root.find(f"{SPACE}Actions")
    assert principal is not None
    assert actions is not None
    assert principal.get("id") == actions.get("Context")
    assert actions.findtext(f"{SPACE}Exec/{SPACE}Command") == job.program


def test_arguments_are_quoted_as_windows_programs_read_them() -> None:
    job = Job("syncagent", "t", ("C:\\x\\syncagent.exe", "up", "C:\\a b\\", 'say "hi"'))
    assert ("Arguments", 'up "C:\\a b\\\\" "say \\"hi\\""') in leaves(task(job, "ann"))


def given_back(text: str) -> str:
    """As the scheduler tells it: in other order, with what it has filled in, and without what is usual anyway."""
    info = re.search(r"  <RegistrationInfo>.*</RegistrationInfo>\n", text, flags=re.DOTALL)
    assert info is not None
    text = text.replace(info[0], "").replace("</Task>", f"{info[0]}</Task>")
    text = text.replace("<UserId>ann</UserId>", "<UserId>S-1-5-21-1-2-3-1001</UserId>", 1)
    text = text.replace("<RunOnlyIfIdle>false</RunOnlyIfIdle>", "<WakeToRun>false</WakeToRun>")
    return text.replace("\n", "\r\n").replace("&amp;", "&#38;")


@pytest.mark.parametrize("which", ["job", "hard_job"])
def test_it_is_known_again_however_the_scheduler_tells_it(which: str, request: pytest.FixtureRequest) -> None:
    job = request.getfixturevalue(which)
    text = task(job, "ann")
    assert hand_of_task(None, text) is Hand.ABSENT
    assert hand_of_task(text, text) is Hand.CURRENT
    assert hand_of_task(given_back(text), text) is Hand.CURRENT
    newer = task(Job(job.name, job.title, (*job.command, "--more")), "ann")
    assert hand_of_task(given_back(text), newer) is Hand.OUTDATED


def test_a_changed_task_is_a_persons(job: Job) -> None:
    text = task(job, "ann")
    assert hand_of_task(given_back(text).replace("up --data-dir", "up --listen x --data-dir"), text) is Hand.CHANGED
    assert hand_of_task("<Task><Command>x</Command></Task>", text) is Hand.CHANGED


def test_a_task_that_was_switched_off_is_not_enabled(job: Job) -> None:
    text = task(job, "ann")
    assert is_enabled(text)
    assert not is_enabled(text.replace("  <Settings>", "  <Settings><Enabled>false</Enabled>"))


def test_each_job_has_its_task(job: Job, hard_job: Job) -> None:
    assert (task_name(job), task_name(hard_job)) == ("\\syncagent", "\\syncagent-0a1b2c3d")
