"""Opens an address or a folder in the program that the person's desktop has for it.

Called by the agent and by faces.  Nothing is asked of a shell, and only what is ours is ever opened: our own page, and
folders; never a file, for what a file does when it is opened is its own program's to say.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from syncagent.agent.autostart.program import environment_for_others
from syncagent.agent.page.peers import KNOWN
from syncagent.agent.spawning import apart
from syncagent.errors import SyncAgentError
from syncagent.private import write_private

OPENERS: Final = ("xdg-open", "gio", "wslview")
PATIENCE: Final = 5.0
_SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")


class CannotOpen(SyncAgentError):
    """There is no desktop here, or nothing that opens it."""


def opener(environment: Mapping[str, str], platform: str = sys.platform) -> list[str]:
    """The program that opens things here, and how it is called.  Raises CannotOpen."""
    if platform == "darwin":
        return ["/usr/bin/open"]
    if not any(environment.get(name) for name in _SCREENS):
        raise CannotOpen("there is no desktop here to open it on")
    for name in OPENERS:
        if found := shutil.which(name, path=environment.get("PATH")):
            return [found, "open"] if name == "gio" else [found]
    raise CannotOpen("nothing here opens it: install xdg-utils")


def open_folder(folder: Path, environment: Mapping[str, str] | None = None) -> None:
    """Show ``folder`` in the person's file manager.  Raises CannotOpen."""
    if not folder.is_dir():
        raise CannotOpen(f"{folder} is not there")
    _open(str(folder), environment)


def open_page(url: str, private: Path, environment: Mapping[str, str] | None = None) -> None:
    """Show our page in the person's browser.  Raises CannotOpen.

    The ticket in ``url`` would stand in the arguments of a process, where other users of this machine see it.  On Linux
    it is worth nothing to them (``page.peers``); elsewhere the browser is led by a file in ``private``, which they
    cannot read.  Not on Linux: there a browser that is confined, as a snap is, could not read it either.
    """
    _open(url if KNOWN else _signpost(url, private).as_uri(), environment)


def _signpost(url: str, private: Path) -> Path:
    for old in private.glob("page-*.html"):
        with contextlib.suppress(OSError):
            old.unlink()
    path = private / f"page-{secrets.token_hex(8)}.html"
    from html import escape  # noqa: PLC0415 - it knows two thousand characters by name

    where = escape(url, quote=True)
    write_private(
        path, f'<!doctype html><meta http-equiv="refresh" content="0;url={where}"><a href="{where}">go on</a>\n'
    )
    return path


def _open(what: str, environment: Mapping[str, str] | None) -> None:
    environment = os.environ if environment is None else environment
    if sys.platform == "win32":
        os.startfile(what)  # noqa: S606 - a folder, or our own page
    else:
        _open_by(opener(environment), what, environment)


def _open_by(program: list[str], what: str, environment: Mapping[str, str]) -> None:
    child = subprocess.Popen(  # noqa: S603 - a program of the system, and no shell
        [*program, what], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=environment_for_others(environment), **apart(),
    )  # fmt: skip
    try:
        code = child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        return  # some stay for as long as what they have opened
    if code:
        raise CannotOpen(f"{Path(program[0]).name} could not open it")


async def opened(folder: Path) -> None:
    """``open_folder``, without holding up the event loop."""
    await asyncio.to_thread(open_folder, folder)
