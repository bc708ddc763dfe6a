"""Where everything lies that belongs to one agent.

All of it is under one data directory, which is the user's alone (0700).  An agent that keeps several folders has a
profile for each: what they share (settings, lock, log, control socket) lies at the top, and what belongs to a named one
under ``profiles/NAME``.  The one exception is the control socket: the
address of a Unix socket has room for about 100 bytes, so one that would lie too deep is put under ``/tmp`` instead.
Called by whoever opens a file of ours; knows the names, not what is in the files.
"""

from __future__ import annotations

from pathlib import Path

import platformdirs

from syncagent.model.values import fixed
from syncagent.private import control_socket


@fixed
class Places:
    """The paths of one agent, as one of its profiles has them.  ``data_dir`` is absolute; ``profile`` is "" for the one
    that has no name."""

    data_dir: Path
    profile: str = ""

    @property
    def state(self) -> Path:
        """Where what belongs to this profile alone is kept."""
        return self.data_dir / "profiles" / self.profile if self.profile else self.data_dir

    def of(self, profile: str) -> Places:
        """The same, as another profile has them."""
        return Places(self.data_dir, profile)

    @property
    def config(self) -> Path:
        return self.data_dir / "config.toml"

    @property
    def key(self) -> Path:
        return self.state / "key"

    @property
    def proxy_passwords(self) -> Path:
        """Those that a proxy is told, where no keyring has them."""
        return self.data_dir / "proxy_passwords.json"

    @property
    def identity(self) -> Path:
        return self.state / "client_id"

    @property
    def database(self) -> Path:
        return self.state / "agent.db"

    @property
    def lock(self) -> Path:
        return self.data_dir / "agent.lock"

    @property
    def pause(self) -> Path:
        """A pause that outlasts the agent."""
        return self.state / "pause.json"

    @property
    def excluded(self) -> Path:
        """What this machine has excluded."""
        return self.state / "excluded.json"

    @property
    def recents(self) -> Path:
        return self.state / "recent.json"

    @property
    def tray(self) -> Path:
        """What the tray remembers."""
        return self.data_dir / "tray.json"

    @property
    def tray_lock(self) -> Path:
        return self.data_dir / "tray.lock"

    @property
    def log(self) -> Path:
        return self.data_dir / "logs" / "agent.log"

    @property
    def flights(self) -> Path:
        """Where the flight recorder writes."""
        return self.state / "flight"

    @property
    def hub(self) -> Path:
        """Where ``up`` keeps the hub that it runs."""
        return self.state / "hub"

    @property
    def control(self) -> Path:
        return control_socket(self.data_dir)


def places(data_dir: str | Path | None = None, profile: str = "") -> Places:
    """The places under ``data_dir``; None means the user's own data directory.  Nothing is made."""
    chosen = Path(data_dir).expanduser() if data_dir else Path(platformdirs.user_data_dir("syncagent", appauthor=False))
    # Links in the path are resolved, so that two spellings of one directory share a lock and a socket.
    return Places(chosen.resolve(), profile)
