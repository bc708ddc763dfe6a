"""The launchd agent of macOS.  Pure: a job becomes a property list."""

from __future__ import annotations

import plistlib
from typing import Any

from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.seal import NOTE, seal


def label(job: Job) -> str:
    """``syncagent.agent``, or ``syncagent.agent.1a2b3c4d`` for another data directory than the usual one."""
    return ".".join(["syncagent", "agent", *job.name.split("-")[1:]])


def property_list(job: Job, output: str) -> str:
    """``output`` is the file for what the agent says before it has its log."""
    content: dict[str, Any] = {
        "Label": label(job),
        "ProgramArguments": list(job.command),
        "WorkingDirectory": "/",
        "RunAtLoad": True,
        # `syncagent stop` ends it with code 0, and it stays stopped.
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 30,
        "ExitTimeOut": 60,
        # "Background" would have disk and processor only when nobody else wants them.
        "ProcessType": "Standard",
        # The system's own 256 are too few for a folder that is received and watched at once.
        "SoftResourceLimits": {"NumberOfFiles": 8192},
        "StandardOutPath": output,
        "StandardErrorPath": output,
    }
    head, mark, rest = plistlib.dumps(content).decode().partition("<plist ")
    return seal(f"{head}<!-- {NOTE} -->\n{mark}{rest}")
