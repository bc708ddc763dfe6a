"""The program itself: versions, its own files, the agent that runs, the start at login."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from syncagent import __version__ as VERSION  # noqa: N812 - a constant, whatever Python calls it
from syncagent.agent.autostart.choice import login_item
from syncagent.agent.autostart.program import at_login
from syncagent.agent.doctor.findings import Check, note, ok, problem, warning
from syncagent.agent.doctor.folder import passed_over
from syncagent.agent.guest.senses import lacks_library
from syncagent.agent.keys import KEY_VARIABLE, load_key
from syncagent.agent.places import Places
from syncagent.content.chunker import is_compiled
from syncagent.control import ControlClient
from syncagent.errors import NotRunning, SyncAgentError
from syncagent.private import another_ones, open_to_others

OLDEST_PYTHON: Final = (3, 11)
PACKAGES: Final = (
    "websockets",
    "watchdog",
    "pydantic",
    "blake3",
    "pyfastcdc",
    "apsw",
    "msgspec",
    "aiohttp",
    "cryptography",
)


def python_version() -> Check:
    found = f"{platform.python_implementation()} {platform.python_version()} on {platform.platform(terse=True)}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return problem("python", found, "install Python 3.11 or later")
    return ok("python", found, version=platform.python_version())


def library_versions() -> Check:
    versions, missing = {"syncagent": VERSION}, []
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return problem("versions", f"missing: {', '.join(missing)}", "install syncagent again with pip")
    found = ", ".join(f"{name} {version}" for name, version in versions.items())
    if not is_compiled():
        means = "files of more than 64 KiB are read 300 times slower than they could be"
        todo = "install pyfastcdc again for this Python: pip install --force-reinstall pyfastcdc"
        return warning("versions", f"{found}; pyfastcdc is not compiled here", todo, means, **versions)
    return ok("versions", found, **versions)


def own_files(places: Places) -> Check:
    """The data directory and what is in it: for this user alone."""
    directory, name = places.data_dir, "data directory"
    try:
        found = directory.stat()
    except FileNotFoundError:
        return note(name, f"{directory} is not there yet", "nothing is set up here", "begin with `syncagent up`")
    except OSError as error:
        return problem(name, f"{directory}: {error.strerror}", "see that you may read it")
    if another_ones(found):
        return problem(name, f"{directory} belongs to another user", "choose another --data-dir")
    if open_to_others(found):
        means = "the key and the names of your files are in it"
        return warning(name, f"others may look into {directory}", f"chmod 700 '{directory}'", means)
    if not os.access(directory, os.W_OK | os.X_OK):
        return problem(name, f"{directory} cannot be written", f"chmod 700 '{directory}'")
    if strange := _of_others(places):
        means = "the agent cannot replace them, and stops; it happens when it was started once with sudo"
        todo = f"sudo chown -R $(id -u):$(id -g) '{directory}'"
        return problem(name, f"{strange} belongs to another user", todo, means)
    return ok(name, str(directory))


def _of_others(places: Places) -> str:
    for path in (places.config, places.key, places.database, places.lock, places.log, places.identity):
        try:
            if another_ones(path.lstat()):
                return str(path)
        except OSError:
            continue
    return ""


def key_kept(places: Places, given: str = "") -> Check:
    if given:
        return ok("key", f"given by {KEY_VARIABLE}")
    try:
        key = load_key(places)
    except SyncAgentError as error:
        return problem("key", str(error), "make a new key at the hub, then join again")
    if not key:
        means = "without a key the hub lets nobody in"
        return warning("key", "no key is kept here", f"set {KEY_VARIABLE}, or begin with `syncagent join`", means)
    return ok("key", "kept, for this user alone")


def running_agent(places: Places) -> Iterator[Check]:
    """Whether an agent answers, how it stands with it, and whether it is of our version."""
    client = ControlClient(places.control)
    try:
        status = client.call("status", within=3, profile=places.profile or None)
    except NotRunning:
        means = "nothing is sent or received as long as it does not run"
        yield note("agent", "not running", means, "start it with `syncagent up`")
        return
    except SyncAgentError as error:
        yield problem("agent", str(error), "stop it with `syncagent stop`, and start it again")
        return
    yield _standing(status)
    if isinstance(guest := status.get("guest"), dict):
        yield network_and_battery(guest)
    if priority := status.get("priority"):
        told = note if priority.get("refused") else ok
        over = "" if priority.get("level") == "normal" else passed_over(Path(str(status.get("root", ""))))
        yield told("priority", f"{priority.get('text', '')}{over}")
    try:
        version = str(client.call("commands", within=3).get("version", ""))
    except SyncAgentError:
        version = ""
    if version and version != VERSION:
        todo = "start it anew: `syncagent stop`, then `syncagent up`"
        found = f"the agent that runs is {version}, this is {VERSION}"
        yield warning("agent's version", found, todo, "an update counts from the next start on", running=version)


def _standing(status: dict[str, Any]) -> Check:
    state, reason = str(status.get("state", "state unknown")), str(status.get("reason") or "")
    found = f"running: {'in sync' if status.get('in_sync') else state}{f' ({reason})' if reason else ''}"
    hindering = [str(line.get("text")) for line in status.get("lines") or () if line.get("hinders")]
    data = {"state": state, "in_sync": status.get("in_sync") is True, "hinders": hindering}
    if status.get("stuck"):
        return problem("agent", found, "; ".join(hindering[:3]) or reason, "it waits for you", **data)
    return ok("agent", found, **data)


def network_and_battery(guest: Mapping[str, Any]) -> Check:
    """What the agent that runs knows of both; by that large files wait, or everything does."""
    name, metered, percent = "network and battery", guest.get("metered"), guest.get("battery_percent")
    unknown = "whether it is metered is not known"
    network = unknown if metered is None else "metered" if metered else "not metered"
    level = f" at {percent:.0f} %" if isinstance(percent, (int, float)) else ""
    on_battery = guest.get("on_battery")
    power = "power not known" if on_battery is None else f"{'on battery' if on_battery else 'plugged in'}{level}"
    saver = ", saving power" if guest.get("power_saver") is True else ""
    found = f"network: {network}; {power}{saver}"
    if metered is None and on_battery is None and lacks_library():
        means = "large files are sent and received over a phone's network, too"
        return note(name, f"{found}: dbus-fast is not installed", means, "pipx install 'syncagent[tray]'")
    return ok(name, found, metered=metered, on_battery=on_battery)


def starts_at_login(places: Places, folder: Path) -> Check:
    try:
        item = login_item(places, folder, at_login(os.environ), os.environ)
        look = item.look()
    except (SyncAgentError, OSError) as error:
        return note("start at login", f"not known: {error}")
    if look.enabled:
        return ok("start at login", f"yes, by {item.kind}", kind=item.kind, on=True)
    means = "after the next login nothing is kept the same until you start it"
    return note("start at login", "no", means, "syncagent autostart on", kind=item.kind, on=False)
