"""The setting ``notify``: read when it has changed, and written when a person chose another level in the menu."""

from __future__ import annotations

import os

from syncagent.agent.config.reading import gather
from syncagent.agent.config.writing import write_settings
from syncagent.agent.places import Places
from syncagent.desktop.notify import Level, level_of
from syncagent.errors import BadConfig


class Levels:
    """As ``config.toml`` and the environment have it."""

    def __init__(self, spot: Places) -> None:
        self._spot = spot
        self._stamp: tuple[int, int] | None = None
        self._level: Level | None = None

    def read(self) -> Level:
        """The file is read only when it is another one than before."""
        try:
            found = self._spot.config.stat()
            stamp = (found.st_mtime_ns, found.st_size)
        except OSError:
            stamp = None
        if self._level is None or stamp != self._stamp:
            self._stamp = stamp
            try:
                self._level = level_of(gather(self._spot, os.environ, {}).values.get("notify", Level.ALL.value))
            except BadConfig:
                # The agent says what is wrong with it.
                self._level = self._level or Level.ALL
        return self._level

    def write(self, level: Level) -> None:
        """Raises BadConfig."""
        write_settings(self._spot, {"notify": level.value})
