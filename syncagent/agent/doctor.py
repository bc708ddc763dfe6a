"""What could keep the agent from working here, looked at one thing at a time; each with what to do about it.

Called by the command line and, later, by the tray.  It only looks: nothing is made or changed, no key is sent anywhere,
and no check takes longer than a few seconds.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import os
import platform
import shutil
import ssl
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from importlib import metadata
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import syncagent
from syncagent.agent.config.settings import Settings
from syncagent.agent.keys import load_key, load_proxy_password
from syncagent.agent.places import Places
from syncagent.control import ControlClient
from syncagent.errors import AskPerson, NotRunning, SyncAgentError
from syncagent.private import another_ones, open_to_others
from syncagent.transport.proxy import Proxy, is_loopback, kept_under, proxy_to
from syncagent.transport.ws_link import WsDialer

OLDEST_PYTHON: Final = (3, 11)
HUB_SECONDS: Final = 5.0
COUNT_SECONDS: Final = 3.0
SKEW_SECONDS: Final = 300
_NETWORK_FILE_SYSTEMS: Final = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs")


class Verdict(Enum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, and what to do (empty when it is well)."""

    name: str
    verdict: Verdict
    found: str
    todo: str = ""


def examine(places: Places, settings: Settings | None, trouble: str = "") -> Iterator[Check]:
    """All checks, in order.  ``settings`` is None where there are none that hold; ``trouble`` says why."""
    yield python_version()
    yield library_versions()
    yield data_directory(places)
    yield running_agent(places)
    if settings is None:
        yield Check("settings", Verdict.FAIL, trouble, "mend what is named here, or begin with `syncagent up`")
        return
    yield Check("settings", Verdict.OK, str(places.config))
    yield key_kept(places)
    yield folder(settings.sync_root)
    if settings.sync_root.is_dir():
        yield file_system(settings.sync_root)
        yield watch_limits(settings.sync_root)
        yield room(settings.sync_root, places.data_dir)
    yield from hub_and_clock(settings, places)


def python_version() -> Check:
    found = f"{platform.python_implementation()} {platform.python_version()} on {platform.platform(terse=True)}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Check("python", Verdict.FAIL, found, "install Python 3.11 or later")
    return Check("python", Verdict.OK, found)


def library_versions() -> Check:
    names = ("websockets", "watchdog", "pydantic", "blake3", "pyfastcdc", "apsw", "aiohttp", "cryptography")
    missing, found = [], [f"syncagent {syncagent.__version__}"]
    for name in names:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("versions", Verdict.FAIL, f"missing: {', '.join(missing)}", "install syncagent again with pip")
    return Check("versions", Verdict.OK, ", ".join(found))


def data_directory(places: Places) -> Check:
    directory = places.data_dir
    try:
        found = directory.stat()
    except FileNotFoundError:
        return Check("data directory", Verdict.WARN, f"{directory} is not there yet", "begin with `syncagent up`")
    except OSError as error:
        return Check("data directory", Verdict.FAIL, f"{directory}: {error.strerror}", "see that you may read it")
    if another_ones(found):
        return Check(
            "data directory", Verdict.FAIL, f"{directory} belongs to another user", "choose another --data-dir"
        )
    if open_to_others(found):
        return Check("data directory", Verdict.WARN, f"others may look into {directory}", f"chmod 700 {directory}")
    if not os.access(directory, os.W_OK | os.X_OK):
        return Check("data directory", Verdict.FAIL, f"{directory} cannot be written", f"chmod 700 {directory}")
    return Check("data directory", Verdict.OK, str(directory))


def key_kept(places: Places) -> Check:
    try:
        key = load_key(places)
    except SyncAgentError as error:
        return Check("key", Verdict.FAIL, str(error), "make a new key at the hub, then join again")
    if not key:
        return Check(
            "key", Verdict.WARN, "no key is kept here", "set SYNCAGENT_API_KEY, or begin with `syncagent join`"
        )
    return Check("key", Verdict.OK, "kept, for this user alone")


def running_agent(places: Places) -> Check:
    try:
        status = ControlClient(places.control).call("status", within=3)
    except NotRunning:
        return Check("agent", Verdict.WARN, "not running", "start it with `syncagent up`")
    except SyncAgentError as error:
        return Check("agent", Verdict.FAIL, str(error), "stop it with `syncagent stop`, and start it again")
    return Check("agent", Verdict.OK, f"running: {status.get('state', 'state unknown')}")


def folder(root: Path) -> Check:
    try:
        found = root.lstat()
    except FileNotFoundError:
        return Check("folder", Verdict.FAIL, f"{root} is not there", "mount it, or bring it back; nothing is deleted")
    except OSError as error:
        return Check("folder", Verdict.FAIL, f"{root}: {error.strerror}", "see that you may read it")
    if not root.is_dir():
        return Check("folder", Verdict.FAIL, f"{root} is not a folder", "choose another sync_root")
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        return Check("folder", Verdict.FAIL, f"{root} cannot be read and written", "see that you may do both")
    if stat.S_ISLNK(found.st_mode):
        return Check("folder", Verdict.OK, f"{root}, which leads to {root.resolve()}")
    return Check("folder", Verdict.OK, str(root))


def file_system(root: Path) -> Check:
    """A change that another machine makes on a network file system is not told to the watcher of this one."""
    kind = _file_system_of(root)
    if kind in _NETWORK_FILE_SYSTEMS:
        return Check(
            "file system",
            Verdict.WARN,
            f"{kind}, over a network",
            "changes by others are seen at the next full scan only",
        )
    return Check("file system", Verdict.OK, kind or "not known")


def _file_system_of(path: Path) -> str:
    """The type of the file system that holds ``path``, from the mount that is nearest above it; "" if not known."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    real = str(path.resolve())
    for line in lines:
        left, _, right = line.partition(" - ")
        at = left.split()[4].replace("\\040", " ")
        inside = real == at or real.startswith(at.rstrip("/") + "/")
        if inside and len(at) >= len(best):
            best, kind = at, right.split()[0]
    return kind


def watch_limits(root: Path, limits: Path = Path("/proc/sys/fs/inotify")) -> Check:
    """Linux has a limit on how many folders a user may watch, and goes silent beyond it."""
    try:
        most = int((limits / "max_user_watches").read_text())
    except (OSError, ValueError):
        return Check("watching", Verdict.OK, "this system has no limit on watched folders")
    count, whole = count_folders(root, most)
    found = f"{'' if whole else 'at least '}{count} folders of {most} that may be watched"
    todo = f"sudo sysctl fs.inotify.max_user_watches={max(524288, count * 4)} (and put it into /etc/sysctl.d)"
    if count >= most:
        return Check("watching", Verdict.FAIL, found, todo)
    if count > most * 0.6:
        return Check("watching", Verdict.WARN, found, todo)
    return Check("watching", Verdict.OK, found)


def count_folders(root: Path, most: int, clock: Callable[[], float] = time.monotonic) -> tuple[int, bool]:
    """How many folders there are, itself included, and whether the count came to its end (in number and in time)."""
    count, left, end = 0, [os.fspath(root)], clock() + COUNT_SECONDS
    while left:
        count += 1
        if count > most or clock() > end:
            return count, False
        try:
            with os.scandir(left.pop()) as entries:
                left.extend(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
        except OSError:
            continue  # a folder that cannot be read is not watched either
    return count, True


def room(root: Path, data_dir: Path) -> Check:
    """What is left on the fuller of the two disks."""
    free, path = min((shutil.disk_usage(path).free, path) for path in (root, data_dir) if path.is_dir())
    found = f"{free / 1e9:.1f} GB free at {path}"
    if free < 100e6:
        return Check("disk space", Verdict.FAIL, found, "make room: nothing can be received")
    if free < 1e9:
        return Check("disk space", Verdict.WARN, found, "make room soon")
    return Check("disk space", Verdict.OK, found)


def hub_and_clock(settings: Settings, places: Places | None = None) -> Iterator[Check]:
    """Whether something answers at the hub's address, is the hub that it should be, and what hour it has."""
    try:
        account = kept_under(settings.proxy)
        password = load_proxy_password(places, account) if places is not None and account else ""
        proxy = proxy_to(settings.server, settings.proxy, password)
    except (ValueError, SyncAgentError) as error:
        yield Check("proxy", Verdict.FAIL, str(error), "mend it there, or say which with `syncagent config set proxy`")
        return
    if proxy is not None:
        yield from _through(proxy, settings)
        return
    parts = urlsplit(settings.server)
    where = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'wss' else 80)}"
    try:
        date = _ask_hub(settings)
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or "TLS failed"
        yield Check("hub", Verdict.FAIL, f"{where}: {reason}", "join again with a fresh link, or mend the certificate")
        return
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", "") or str(error) or type(error).__name__
        yield Check("hub", Verdict.FAIL, f"{where}: {reason}", "see that the hub runs and that no firewall is between")
        return
    if parts.scheme == "ws" and not is_loopback(parts.hostname or ""):
        yield Check("hub", Verdict.WARN, f"{where} answers, in the clear", "use wss:// beyond this machine")
    else:
        yield Check("hub", Verdict.OK, f"{where} answers")
    if date is not None:
        yield _clock(date)


def _through(proxy: Proxy, settings: Settings) -> Iterator[Check]:
    """The same where a proxy leads there: as an agent would connect, but that it says nothing."""

    async def call() -> str:
        link = await WsDialer(settings.server, settings.fingerprint, open_seconds=HUB_SECONDS, way=lambda: proxy)()
        try:
            return link.date
        finally:
            await link.close()

    named = f"{proxy}, as {proxy.origin} {'say' if proxy.origin.endswith('settings') else 'says'}"
    try:
        hour = _hour(asyncio.run(call()))
    except SyncAgentError as error:
        todo = "see that the proxy lets us through to the hub, or take another way: `syncagent config set proxy ...`"
        if isinstance(error, AskPerson) and str(proxy) in str(error):
            todo = "give it once: `syncagent config set proxy http://NAME:PASSWORD@HOST:PORT`; it is kept apart"
        yield Check("proxy", Verdict.WARN, named, "see below")
        yield Check("hub", Verdict.FAIL, str(error), todo)
        return
    yield Check("proxy", Verdict.OK, named)
    yield Check("hub", Verdict.OK, f"{settings.server} answers")
    if hour is not None:
        yield _clock(hour)


def _clock(hub_time: datetime) -> Check:
    apart = abs((datetime.now(UTC) - hub_time).total_seconds())
    if apart > SKEW_SECONDS:
        return Check(
            "clock", Verdict.WARN, f"{apart:.0f} s apart from the hub's", "set the clock (nothing is lost by it)"
        )
    return Check("clock", Verdict.OK, f"{apart:.0f} s apart from the hub's")


def _ask_hub(settings: Settings) -> datetime | None:
    """One GET without a key; redirects are not followed.  Raises OSError, ssl.SSLError or HTTPException."""
    parts = urlsplit(settings.server)
    host = parts.hostname or ""
    if parts.scheme == "ws":
        link = http.client.HTTPConnection(host, parts.port or 80, timeout=HUB_SECONDS)
    else:
        context = ssl.create_default_context()
        if settings.fingerprint:
            # The hub made its own certificate: who it is, is told by the fingerprint, checked below.
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        link = http.client.HTTPSConnection(host, parts.port or 443, timeout=HUB_SECONDS, context=context)
    try:
        link.connect()
        if settings.fingerprint and isinstance(link.sock, ssl.SSLSocket):
            shown = hashlib.sha256(link.sock.getpeercert(binary_form=True) or b"").hexdigest()
            if not hmac.compare_digest(shown, settings.fingerprint):
                raise OSError(0, "it is not the hub that was joined: its certificate is another one")
        link.request("GET", "/health")
        date = link.getresponse().getheader("Date")
    finally:
        link.close()
    return _hour(date)


def _hour(date: str | None) -> datetime | None:
    try:
        hour = parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
    return hour if hour is None or hour.tzinfo else hour.replace(tzinfo=UTC)
