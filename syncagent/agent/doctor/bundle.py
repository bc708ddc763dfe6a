"""What one sends to those who help: all that tells how it stands here, in one file, without names and keys.

Made of parts, each a text; what could not be had says why.  A file that is there already is never replaced.
"""

from __future__ import annotations

import contextlib
import getpass
import io
import json
import os
import platform
import re
import socket
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import syncagent
from syncagent.agent.config.proposing import rows
from syncagent.agent.config.reading import Source
from syncagent.agent.config.settings import Settings
from syncagent.agent.doctor.findings import Check
from syncagent.agent.doctor.veil import Veil
from syncagent.agent.keys import load_key, load_proxy_password
from syncagent.agent.places import Places
from syncagent.agent.redact import Redactor, as_text
from syncagent.control import ControlClient
from syncagent.errors import BadConfig, SyncAgentError
from syncagent.model.values import fixed
from syncagent.transport.proxy import kept_under, proxy_in

LOG_BYTES: Final = 512 << 10
ENDINGS: Final = (".zip", ".tar.gz", ".tgz")

_VERSIONS: Final = ("versions", "python", "file system", "hub's version", "agent's version")
_HARMLESS: Final = re.compile(r"\d[\w.+-]{0,24}|(?:fuse\.)?[a-z0-9]{1,12}|\[[a-z', 0-9-]*\]")
"""Versions, kinds of file systems, capabilities."""

_README: Final = """\
What `syncagent doctor --bundle` has put together, to be sent to those who look for a fault.

Names of files and folders, of machines, users, hubs and clients, addresses and digests are replaced by pseudonyms such
as n3f9ac2b1d0e4f5a6: the same name has the same pseudonym within this file, and another one in the next.  Keys,
passwords and links to join are left out.  The content of files was never in any of this.

You can read all of it: everything is plain text.

"""


@fixed
class Part:
    """One file of a bundle, and what it is."""

    name: str
    what: str
    text: str


def make_parts(places: Places, source: Source, settings: Settings | None, checks: Sequence[Check]) -> list[Part]:
    """All parts, without names, what they are about in front."""
    redactor = Redactor()
    veil = Veil(redactor, tuple(_known(places, settings)), tuple(_secrets(places, settings)))
    client = ControlClient(places.control)
    parts = [
        Part("doctor.json", "what the doctor found", _json(veil, [_of_check(check) for check in checks])),
        Part("versions.json", "which versions, on which system", json.dumps(_versions(checks), indent=1) + "\n"),
        Part("config.json", "the settings, and where each comes from", _attempt(veil, lambda: _config(source, places))),
        Part("status.json", "what the agent says of itself", _attempt(veil, lambda: client.call("status", within=5))),
        Part("log.txt", "the last lines of the log", veil.log(_log(places))),
        Part("flight.jsonl", "the last events that the agent was given", _flight(client, places, redactor)),
    ]
    listed = "".join(f"{part.name:<14} {part.what}\n" for part in parts)
    return [Part("README.txt", "what this is", _README + listed), *parts]


def write_bundle(target: Path, parts: Iterable[Part]) -> int:
    """Write them into ``target``, which is not there yet; gives its size.  Raises BadConfig."""
    packed = io.BytesIO()
    if target.name.endswith(".zip"):
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in parts:
                archive.writestr(part.name, part.text)
    elif target.name.endswith(ENDINGS):
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for part in parts:
                content = part.text.encode("utf-8", "replace")
                entry = tarfile.TarInfo(part.name)
                entry.size, entry.mtime, entry.mode = len(content), int(time.time()), 0o600
                archive.addfile(entry, io.BytesIO(content))
    else:
        raise BadConfig(f"{target}: a bundle's name ends with .zip or .tar.gz")
    try:
        with open(target, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(packed.getvalue())
    except FileExistsError:
        raise BadConfig(f"{target} is there already, and is not replaced: give another name") from None
    except OSError as error:
        raise BadConfig(f"{target} cannot be written: {error.strerror}") from None
    return len(packed.getvalue())


# --- what is in it --------------------------------------------------------------------------------------------------


def _json(veil: Veil, value: Any) -> str:
    return json.dumps(veil.value(value), indent=1, ensure_ascii=False, default=str) + "\n"


def _of_check(check: Check) -> dict[str, Any]:
    found = check.as_dict()
    if check.name == "names":  # each of its words may be one of ours
        found["found"] = f"{len(check.data.get('names') or ())} of them"
    if check.name in _VERSIONS:
        found |= {"found": "see versions", "data": {}}
    return {"check": found.pop("name"), **found}


def _attempt(veil: Veil, had: Callable[[], Any]) -> str:
    try:
        return _json(veil, had())
    except SyncAgentError as error:
        return _json(veil, {"could_not_be_had": str(error)})


def _versions(checks: Iterable[Check]) -> dict[str, Any]:
    """Nothing that a person has named: numbers, and words of a list that others have made."""
    found = {check.name: _plain(check.data) for check in checks if check.name in _VERSIONS}
    about = {"python": platform.python_version(), "system": sys.platform, "machine": platform.machine()}
    release = re.match(r"[\d.]*", platform.release())
    return {"syncagent": syncagent.__version__, **about, "release": release[0] if release else "", "checks": found}


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if _HARMLESS.fullmatch(str(value))}


def _config(source: Source, places: Places) -> list[dict[str, Any]]:
    read = source.read().get(places.profile)
    if read is None:
        raise BadConfig("there is no such profile")
    shown = ("key", "value", "origin", "waiting")
    return [{key: row[key] for key in shown if key in row} for row in rows(read)]


def _log(places: Places) -> str:
    try:
        with places.log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - LOG_BYTES, 0))
            text = file.read().decode("utf-8", "replace")
    except OSError as error:
        return f"the log cannot be read: {(error.strerror or str(error)).lower()}\n"
    return text if size <= LOG_BYTES else text.partition("\n")[2]


def _flight(client: ControlClient, places: Places, redactor: Redactor) -> str:
    """That of the agent that runs; else the last that was written."""
    path: Path | None = None
    with contextlib.suppress(SyncAgentError):
        path = Path(str(client.call("record", within=30).get("path", "")))
    if path is None:
        path = max(places.flights.glob("flight-*.jsonl"), default=None)
    if path is None:
        return '{"could_not_be_had": "no agent runs, and none has written one down"}\n'
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return as_text(redactor.lines(lines))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        return json.dumps({"could_not_be_had": type(error).__name__}) + "\n"


# --- what must not be in it -----------------------------------------------------------------------------------------


def _secrets(places: Places, settings: Settings | None) -> Iterator[str]:
    with contextlib.suppress(SyncAgentError):
        yield load_key(places)
    yield os.environ.get("SYNCAGENT_API_KEY", "")
    for text in _proxies(settings):
        with contextlib.suppress(ValueError, SyncAgentError):
            proxy = proxy_in(text)
            yield from (proxy.password, proxy.url)
            if account := kept_under(text):
                yield load_proxy_password(places, account)


def _known(places: Places, settings: Settings | None) -> Iterator[str]:
    """Names that may stand in any text: of the person, of machines, of folders."""
    with contextlib.suppress(OSError, KeyError):
        yield getpass.getuser()
    home = os.path.expanduser("~")
    yield from (home, os.path.basename(home), str(places.data_dir), places.data_dir.name, places.profile)
    host = socket.gethostname()
    yield from (host, host.partition(".")[0], platform.node())
    with contextlib.suppress(OSError):
        yield places.identity.read_text(encoding="utf-8", errors="replace").strip()
    if settings is None:
        return
    yield from (str(settings.sync_root), settings.sync_root.name, settings.name, settings.fingerprint)
    if settings.folder != "default":
        yield settings.folder
    hub = urlsplit(settings.server).hostname or ""
    yield from (hub, *(label for label in hub.split(".") if not label.isdigit()))
    for text in _proxies(settings):
        with contextlib.suppress(ValueError):
            proxy = proxy_in(text)
            yield from (proxy.host, proxy.user)


def _proxies(settings: Settings | None) -> list[str]:
    named = [settings.proxy] if settings is not None and "://" in settings.proxy else []
    return [
        *named,
        *(value for name, value in os.environ.items() if name.lower().endswith("_proxy") and "://" in value),
    ]


def told(parts: Iterable[Part], size: int, target: Path) -> Mapping[str, Any]:
    """What a program is told of a bundle that was made."""
    files = [{"name": part.name, "what": part.what, "bytes": len(part.text.encode())} for part in parts]
    return {"path": str(target), "bytes": size, "files": files}
