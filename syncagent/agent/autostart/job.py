"""What is to be started at login, whatever the system: the name, the words, the command.

Pure.  One job is for one data directory, so that one person may keep several folders; the usual directory's job has the
plain name, the others a name that follows from their path.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from syncagent.errors import BadConfig
from syncagent.model.values import fixed

_NO_TEXT: Final = "\u2028\u2029\ufffe\uffff"
"""Ends of lines to some programs, and what XML cannot hold."""


@fixed
class Job:
    """``command`` is a program, by its absolute path, and its arguments."""

    name: str
    title: str
    command: tuple[str, ...]

    @property
    def program(self) -> str:
        return self.command[0]


def agent_job(program: Sequence[str], data_dir: PurePath, usual: PurePath, folder: PurePath) -> Job:
    """The job that keeps ``folder``.  Raises BadConfig for paths that cannot be written into a file of settings."""
    # The directory is always said: at login XDG_DATA_HOME may be another one than in the shell that is asked now.
    command = (*program, "up", "--as-set-up", "--no-link", "--data-dir", str(data_dir))
    for text in (*command, str(folder)):
        if not is_plain(text):
            raise BadConfig(f"{text!r} has characters that cannot stand in what is started at login")
    return Job(job_name(data_dir, usual), f"syncagent: keep {folder} in sync", command)


def tray_job(program: Sequence[str], data_dir: PurePath, usual: PurePath) -> Job:
    """The job that shows how the folder of ``data_dir`` is doing.  Raises BadConfig as ``agent_job`` does."""
    command = (*program, "tray", "--data-dir", str(data_dir))
    for text in command:
        if not is_plain(text):
            raise BadConfig(f"{text!r} has characters that cannot stand in what is started at login")
    return Job(f"{job_name(data_dir, usual)}-tray", "syncagent: tray", command)


def job_name(data_dir: PurePath, usual: PurePath) -> str:
    if data_dir == usual:
        return "syncagent"
    return f"syncagent-{hashlib.sha256(str(data_dir).encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def is_plain(text: str) -> bool:
    """Whether ``text`` can be written into every one of the formats: valid Unicode, and one line."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return text != "" and not any(unicodedata.category(one) == "Cc" or one in _NO_TEXT for one in text)
