"""Autostart entries of the desktop (XDG).  Pure: a job becomes the text of a desktop entry.

The tray's is wanted wherever there is a desktop; the agent's only where no systemd looks after it.
"""

from __future__ import annotations

import re
from typing import Final

from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.seal import NOTE, seal

_PLAIN: Final = re.compile(r"[A-Za-z0-9_@+=:,./-]+")


def agent_entry(job: Job) -> str:
    """For the directory ``autostart``: the agent, without a window."""
    return _entry(job, "Keeps a folder the same on all of your machines", extra="")


def tray_entry(job: Job) -> str:
    """For the directory ``autostart``: the tray's icon, after the panel that shows it."""
    return _entry(job, "Shows how your folder is doing", extra="X-GNOME-Autostart-Phase=Applications\n")


def starts(entry: str) -> bool:
    """Whether a desktop starts ``entry``: settings programs switch an entry off by a line in it."""
    lines = {line.replace(" ", "").strip().lower() for line in entry.splitlines()}
    return not lines & {"hidden=true", "x-gnome-autostart-enabled=false"}


def quoted(word: str) -> str:
    """A word of ``Exec=``: quoted for the command, then escaped again as every text of an entry is."""
    word = word.replace("%", "%%")
    if _PLAIN.fullmatch(word):
        return word
    inner = re.sub(r'(["`$\\])', r"\\\1", word)
    return '"' + _text(inner) + '"'


def _entry(job: Job, comment: str, extra: str) -> str:
    command = " ".join(quoted(word) for word in job.command)
    return seal(
        f"# {NOTE}\n"
        "[Desktop Entry]\n"
        "Type=Application\n"
        f"Name={_text(job.title)}\n"
        f"Comment={comment}\n"
        "Icon=syncagent\n"
        f"TryExec={_text(job.program)}\n"
        f"Exec={command}\n"
        "Terminal=false\n"
        "StartupNotify=false\n"
        "NoDisplay=true\n"
        f"X-GNOME-Autostart-enabled=true\n{extra}"
    )


def _text(text: str) -> str:
    return text.replace("\\", "\\\\")
