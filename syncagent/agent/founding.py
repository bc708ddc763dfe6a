"""Sets an agent up: its settings and its key, for a hub of its own, or for one that is joined by a link.

Called by whoever begins: the command line, the assistant.  Nothing is started here.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from syncagent.agent.config.kinds import host_and_port, host_name
from syncagent.agent.config.reading import Source, gather, read_settings
from syncagent.agent.config.settings import Settings
from syncagent.agent.config.writing import write_settings
from syncagent.agent.keys import load_key, save_key
from syncagent.agent.places import Places
from syncagent.agent.reach import is_loopback, reach_own_hub
from syncagent.errors import BadConfig
from syncagent.localfs.root import check_alone
from syncagent.model.link import Link
from syncagent.model.values import fixed, replace
from syncagent.private import make_private

PORT: Final = 8765
DEFAULT_FOLDER: Final = "~/syncagent"


@fixed
class Proposal:
    """What setting up comes to, before anything is written.  ``key`` is one that is to be kept from then on; ``root``
    is the folder, where this machine has none yet."""

    spot: Places
    changes: Mapping[str, Any]
    key: str = ""
    root: Path | None = None

    def also(self, changes: Mapping[str, Any]) -> Proposal:
        """With these settings, too, as far as they are said."""
        said = {key: value for key, value in changes.items() if value is not None}
        return replace(self, changes={**self.changes, **said})

    def settings(self) -> Settings:
        """Those that will be in force.  Raises BadConfig."""
        return read_settings(self.spot, {}, self.changes)

    def carry_out(self) -> Settings:
        """Raises BadConfig."""
        if not (self.changes or self.key):
            return self.settings()
        self.settings()
        if self.root is not None:
            check_alone(str(self.root))
        if self.root is not None or self.key:
            _make_places(self.spot)
        if self.key:
            save_key(self.spot, self.key)
        if self.root is not None:
            _make_root(self.root)
        write_settings(self.spot, self.changes)
        return read_settings(self.spot)


def set_up(spot: Places, folder: Path | None, listen: str | None, name: str | None) -> Settings:
    """Make the settings for a hub and an agent here, or bring those that are there in line with what is given.  Raises
    BadConfig, as ``propose`` does."""
    return propose(spot, folder, listen, name).carry_out()


def set_up_joined(spot: Places, link: Link, folder: Path | None, name: str | None) -> Settings:
    """Make the settings for an agent that uses the hub of ``link``; joining the same hub again renews the key.  Raises
    BadConfig, as ``propose_joined`` does."""
    return propose_joined(spot, link, folder, name).carry_out()


def propose(spot: Places, folder: Path | None, listen: str | None, name: str | None) -> Proposal:
    """What a hub and an agent here need.

    Raises BadConfig when ``folder`` or ``listen`` do not go with what was set up before.
    """
    known = gather(spot, {}, {}).values
    if "sync_root" not in known:
        root = _absolute(folder or _usual_folder(spot))
        hub = _hub_here(spot) if listen is None else None
        there = {"server": hub[1].server, "fingerprint": hub[1].fingerprint, "folder": spot.profile} if hub else {}
        given: dict[str, Any] = {
            "sync_root": str(root),
            **({"name": name or host_name()} if name or "name" not in known else {}),
            **(there or _own_hub("127.0.0.1" if listen is None else listen)),
        }
        key = "" if load_key(spot) else load_key(hub[0]) if hub else secrets.token_urlsafe(32)
        return Proposal(spot, given, key, root)
    _check_same(known, folder, spot)
    changes: dict[str, Any] = {} if name is None else {"name": name}
    if listen is not None:
        if not known.get("listen"):
            raise BadConfig(f"this machine joined the hub at {known.get('server')}; it runs none of its own to listen")
        changes |= _own_hub(listen)
    return Proposal(spot, changes)


def propose_joined(spot: Places, link: Link, folder: Path | None, name: str | None) -> Proposal:
    """What an agent needs that uses the hub of ``link``.

    Raises BadConfig when this data directory keeps another folder, or uses another hub.
    """
    check_sealed(link)
    known = gather(spot, {}, {}).values
    given: dict[str, Any] = {"server": link.server, "fingerprint": link.fingerprint, "folder": link.folder}
    root = None
    if "sync_root" in known:
        _check_same(known, folder, spot)
        if known.get("listen"):
            raise BadConfig(f"this machine runs its own hub for {known['sync_root']}; give another --data-dir to join")
    else:
        root = _absolute(folder or _usual_folder(spot))
        given["sync_root"] = str(root)
    if name is not None or "name" not in known:
        given["name"] = name or host_name()
    return Proposal(spot, given, link.key, root)


def _usual_folder(spot: Places) -> Path:
    return Path(f"{DEFAULT_FOLDER}-{spot.profile}" if spot.profile else DEFAULT_FOLDER)


def _hub_here(spot: Places) -> tuple[Places, Settings] | None:
    """The profile that runs a hub on this machine, for a further folder to go there; None when this one is no further
    folder, or there is no hub."""
    others = Source(spot.of("")).read() if spot.profile else {}
    found = ((spot.of(name), read.settings) for name, read in others.items() if name != spot.profile)
    return next(((at, settings) for at, settings in found if settings is not None and settings.listen), None)


def _make_places(spot: Places) -> None:
    make_private(spot.data_dir)
    if spot.profile:
        make_private(spot.state.parent)
        make_private(spot.state)


def check_sealed(link: Link) -> None:
    """Beyond this machine the key goes over TLS only, and a link to there says so.  Without quotes the shell ends it at
    its first ``&``: then it is without the fingerprint, and all else looks well."""
    if link.server.startswith("ws://") and not is_loopback(link.host):
        raise BadConfig(
            f"the link to {link.host} has no fingerprint, so that the connection would not be encrypted; "
            "was it cut off?  Put it in quotes, because of its &"
        )


def _own_hub(listen: str) -> dict[str, str]:
    """The settings that go with a hub of our own: where it listens, and how the agent beside it reaches it."""
    address = listen if _has_port(listen) else f"{listen}:{PORT}"
    try:
        host, port = host_and_port(address)
    except ValueError as error:
        raise BadConfig(f"--listen: {error}") from None
    if port == 0:
        raise BadConfig("--listen: a port is needed that stays the same, so that other machines find it again")
    return {"listen": address, **reach_own_hub(host, port)}


def _has_port(listen: str) -> bool:
    return listen.rpartition("]")[2].count(":") == 1


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))


def _make_root(root: Path) -> None:
    """Only at the first set-up: a folder that goes missing later is never made again by us (HAZARDS E1)."""
    try:
        root.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise BadConfig(f"{root} is there already, and is no folder") from None
    except OSError as error:
        raise BadConfig(f"the folder {root} cannot be made: {error.strerror}") from None


def _check_same(known: Mapping[str, Any], folder: Path | None, spot: Places) -> None:
    kept = Path(str(known["sync_root"])).expanduser()
    if folder is not None and _absolute(folder).resolve() != kept.resolve():
        raise BadConfig(f"{spot.data_dir} is for the folder {kept}; give another --data-dir for {folder}")
