"""Which way of starting at login this system has."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from syncagent.agent.autostart import xdg
from syncagent.agent.autostart.job import Job, agent_job, tray_job
from syncagent.agent.autostart.ports import LoginItem
from syncagent.agent.autostart.system import System
from syncagent.agent.autostart.systemd import version_in
from syncagent.agent.autostart.under_desktop import DesktopEntry
from syncagent.agent.autostart.under_launchd import LaunchAgent
from syncagent.agent.autostart.under_scheduler import LogonTask
from syncagent.agent.autostart.under_systemd import SystemdUnit
from syncagent.agent.places import Places, places
from syncagent.errors import SyncAgentError

_SYSTEMD_RUNS: Final = Path("/run/systemd/system")
_SESSIONS: Final = (Path("/usr/share/wayland-sessions"), Path("/usr/share/xsessions"))


def login_item(spot: Places, folder: Path, program: Sequence[str], environment: Mapping[str, str]) -> LoginItem:
    """What starts the agent of ``spot`` at login here.

    Raises SyncAgentError where systemd runs, but does not answer for this user.
    """
    job = agent_job(program, spot.data_dir, places().data_dir, folder)
    item: LoginItem
    if sys.platform == "darwin":
        directory = Path.home() / "Library" / "LaunchAgents"
        output = spot.log.with_name("login.log")
        item = LaunchAgent(job, directory, output, System(environment), f"gui/{os.getuid()}")
    elif sys.platform == "win32":
        item = LogonTask(job, System(environment))
    else:
        found = with_runtime_directory(environment, os.getuid())
        item = on_linux(job, found, systemd_runs=_SYSTEMD_RUNS.is_dir())
    return item


def tray_item(spot: Places, program: Sequence[str], environment: Mapping[str, str]) -> LoginItem | None:
    """What starts the tray of ``spot`` at login here; None where there is no desktop, or what the tray needs is not
    installed."""
    job = tray_job(program, spot.data_dir, places().data_dir)
    item: LoginItem
    if sys.platform == "darwin":
        directory = Path.home() / "Library" / "LaunchAgents"
        output = spot.log.with_name("login.log")
        item = LaunchAgent(job, directory, output, System(environment), f"gui/{os.getuid()}")
    elif sys.platform == "win32":
        item = LogonTask(job, System(environment))
    elif not has_desktop(environment, _SESSIONS):
        return None
    else:
        item = DesktopEntry(job, _config(environment) / "autostart", xdg.tray_entry(job))
    needed = "dbus_fast" if sys.platform == "linux" else "pystray"
    return item if importlib.util.find_spec(needed) is not None else None


def has_desktop(environment: Mapping[str, str], sessions: Sequence[Path]) -> bool:
    """Whether this person sits before one, or could log in to one."""
    here = any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_CURRENT_DESKTOP"))
    return here or any(next(directory.glob("*.desktop"), None) is not None for directory in sessions)


def _config(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config")


def on_linux(job: Job, environment: Mapping[str, str], *, systemd_runs: bool) -> LoginItem:
    """Under systemd a unit, since that starts the agent again when it fails; elsewhere the desktop's autostart."""
    config = _config(environment)
    if not systemd_runs:
        return DesktopEntry(job, config / "autostart", xdg.agent_entry(job))
    system = System(environment)
    answer = system.ask("systemctl", "--user", "show", "--property=Version", "--value")
    version = version_in(answer.output)
    if answer.code or not version:
        reason = answer.trouble.strip() or "it does not say its version"
        raise SyncAgentError(f"systemd does not answer for this user ({reason}): log in as them, and not by `su`")
    return SystemdUnit(job, config / "systemd" / "user", system, version)


def with_runtime_directory(
    environment: Mapping[str, str], user: int, runtime: Path = Path("/run/user")
) -> Mapping[str, str]:
    """A shell that came by `sudo` or by a cron job does not know where this user's systemd listens."""
    usual = runtime / str(user)
    if environment.get("XDG_RUNTIME_DIR") or not usual.is_dir():
        return environment
    return {**environment, "XDG_RUNTIME_DIR": str(usual)}
