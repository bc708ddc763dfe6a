"""The user unit of systemd.  Pure: a job becomes the text of a unit."""

from __future__ import annotations

import re
from typing import Final

from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.seal import NOTE, seal

_STEPS: Final = 254
"""The first systemd that waits longer from one restart to the next; older ones warn of the words."""

_ALREADY_RUNNING: Final = 6


def unit(job: Job, systemd: int) -> str:
    """The unit for a user manager of version ``systemd``."""
    return seal(f"# {NOTE}\n{_HEAD}" + body(job, systemd))


def body(job: Job, systemd: int) -> str:
    """The unit without the word on who has written it."""
    back_off = "RestartSec=5\nRestartSteps=6\nRestartMaxDelaySec=5min" if systemd >= _STEPS else "RestartSec=10"
    return _BODY.format(
        title=_plain(job.title),
        program=_plain(job.program),
        command=" ".join(quoted(word) for word in job.command),
        back_off=back_off,
        running=_ALREADY_RUNNING,
    )


def version_in(text: str) -> int:
    """The number of a systemd that calls itself ``252.38-1~deb12u1``, ``v257`` or ``254-rc1``; 0 for none."""
    found = re.match(r"v?(\d+)", text.strip())
    return int(found[1]) if found else 0


def quoted(word: str) -> str:
    """A word of ``ExecStart=:``, where ``$`` means nothing, but ``%``, quotes and backslashes do."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def _plain(text: str) -> str:
    """A value that is the rest of its line: a backslash at its end would join the next line."""
    return text.replace("%", "%%").rstrip("\\")


_HEAD: Final = """\
# For changes of your own, `systemctl --user edit` is the better place: they outlive a new version.
"""

_BODY: Final = """\
[Unit]
Description={title}
ConditionFileIsExecutable={program}
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=:{command}
WorkingDirectory=/
Restart=on-failure
{back_off}
# Someone has started the agent by hand: it is theirs to stop.
RestartPreventExitStatus={running}
TimeoutStopSec=60
# At the disk, what the person works with comes first, a little; what takes long the agent itself puts further behind.
IOSchedulingClass=best-effort
IOSchedulingPriority=5

# No ProtectSystem=, ProtectHome= or PrivateTmp=: what needs a mount namespace of its own would hold a disk that the
# person unmounts, and they would pull it out in good faith. No UMask= either: new files get the mode that any new file
# of this person has.
NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=default.target
"""
