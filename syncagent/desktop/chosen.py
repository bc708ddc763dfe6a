"""What the tray takes from the settings: the level of notifications, and whether anything is set up at all.

Read when the file has changed; the level is written when a person chose another one in the menu.
"""

from __future__ import annotations

import contextlib
import os

from syncagent.agent.config.document import read_document
from syncagent.agent.config.reading import gather
from syncagent.agent.config.writing import write_settings
from syncagent.agent.places import Places
from syncagent.desktop.notify import Level, level_of
from syncagent.errors import BadConfig


class Chosen:
    """As ``config.toml`` and the environment have it."""

    def __init__(self, spot: Places) -> None:
        self._spot = spot
        self._stamp: tuple[int, int] | None = (-1, -1)
        self._level = Level.ALL
        self._set_up = False

    def read(self) -> Level:
        """How much is to be notified of."""
        self._look()
        return self._level

    def is_set_up(self) -> bool:
        """Whether there is a folder to be kept."""
        self._look()
        return self._set_up

    def write(self, level: Level) -> None:
        """Raises BadConfig."""
        write_settings(self._spot, {"notify": level.value})

    def _look(self) -> None:
        try:
            found = self._spot.config.stat()
            stamp = (found.st_mtime_ns, found.st_size)
        except OSError:
            stamp = None
        if stamp == self._stamp:
            return
        self._stamp = stamp
        # A mistake is the agent's to tell of; what was read before holds until it is mended.
        with contextlib.suppress(BadConfig):
            values = gather(self._spot, os.environ, {}).values
            self._level = level_of(values.get("notify", Level.ALL.value))
            document = read_document(self._spot.config)
            self._set_up = "sync_root" in document.top or bool(document.named)
