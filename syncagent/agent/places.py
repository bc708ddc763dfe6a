"""Where everything lies that belongs to one agent.

All of it is under one data directory, which is the user's alone (0700).  The one exception is the control socket: the
address of a Unix socket has room for about 100 bytes, so one that would lie too deep is put under ``/tmp`` instead.
Called by whoever opens a file of ours; knows the names, not what is in the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import platformdirs

from syncagent.private import control_socket


@dataclass(frozen=True, slots=True)
class Places:
    """The paths of one agent.  ``data_dir`` is absolute."""

    data_dir: Path

    @property
    def config(self) -> Path:
        return self.data_dir / "config.toml"

    @property
    def key(self) -> Path:
        return self.data_dir / "key"

    @property
    def identity(self) -> Path:
        return self.data_dir / "client_id"

    @property
    def database(self) -> Path:
        return self.data_dir / "agent.db"

    @property
    def lock(self) -> Path:
        return self.data_dir / "agent.lock"

    @property
    def pause(self) -> Path:
        """A pause that outlasts the agent."""
        return self.data_dir / "pause.json"

    @property
    def recents(self) -> Path:
        return self.data_dir / "recent.json"

    @property
    def tray(self) -> Path:
        """What the tray remembers."""
        return self.data_dir / "tray.json"

    @property
    def log(self) -> Path:
        return self.data_dir / "logs" / "agent.log"

    @property
    def flights(self) -> Path:
        """Where the flight recorder writes."""
        return self.data_dir / "flight"

    @property
    def hub(self) -> Path:
        """Where ``up`` keeps the hub that it runs."""
        return self.data_dir / "hub"

    @property
    def control(self) -> Path:
        return control_socket(self.data_dir)


def places(data_dir: str | Path | None = None) -> Places:
    """The places under ``data_dir``; None means the user's own data directory.  Nothing is made."""
    chosen = Path(data_dir).expanduser() if data_dir else Path(platformdirs.user_data_dir("syncagent", appauthor=False))
    # Links in the path are resolved, so that two spellings of one directory share a lock and a socket.
    return Places(chosen.resolve())
