"""The logon task of Windows.  Pure: a job becomes the XML that ``schtasks`` takes, and what it gives back is judged.

The scheduler gives a task back in its own words: other order, other blanks, defaults filled in.  So our sum is not of
the text but of the values in it that are ours.
"""

from __future__ import annotations

import re
import subprocess
from html import escape, unescape
from typing import Final

from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.seal import BLANK, NOTE, Hand, sum_of

_LEAF: Final = re.compile(r"<(\w+)(?:\s[^<>]*)?>([^<>]*)</\1>")

_OURS: Final = ("Source", "Description", "Command", "Arguments")
"""What the scheduler gives back as it was given.  All else has a default, and may be left out or filled in."""


def task_name(job: Job) -> str:
    return f"\\{job.name}"


def task(job: Job, user: str) -> str:
    """The task for ``user`` (``MACHINE\\name``); to be written in UTF-16, as its first line says."""
    arguments = subprocess.list2cmdline(job.command[1:])
    values = {"title": job.title, "user": user, "program": job.program, "arguments": arguments}
    text = _TASK.format(note=NOTE, **{name: escape(value, quote=False) for name, value in values.items()})
    return text.replace(BLANK, _sum_of(text), 1)


def hand_of_task(found: str | None, wanted: str) -> Hand:
    """How the task that the scheduler has (None: none) stands to what would be given to it now."""
    if found is None:
        return Hand.ABSENT
    told = re.search(r"(?<=sum:)[0-9a-f]{16}", found)
    if told is None or _sum_of(found.replace(told[0], BLANK, 1)) != told[0]:
        return Hand.CHANGED
    return Hand.CURRENT if told[0] in wanted else Hand.OUTDATED


def is_enabled(found: str) -> bool:
    """Whether the task, and its trigger, are switched on: "Enabled" stands there only where it was said."""
    return ("Enabled", "false") not in leaves(found)


def leaves(xml: str) -> list[tuple[str, str]]:
    """The elements that hold text alone.  No parser: what is read are files that this user's scheduler wrote."""
    return [(name, unescape(text).strip()) for name, text in _LEAF.findall(xml)]


def _sum_of(xml: str) -> str:
    return sum_of("\n".join(sorted(f"{name}={text}" for name, text in leaves(xml) if name in _OURS)))


_TASK: Final = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Source>{note}</Source>
    <Description>{title}</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <UserId>{user}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{user}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>255</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{program}</Command>
      <Arguments>{arguments}</Arguments>
    </Exec>
  </Actions>
</Task>
"""
