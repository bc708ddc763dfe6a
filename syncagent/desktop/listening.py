"""Hears from the agent how things stand, for as long as it runs, and again when it is there again.

The agent says something when there is something; while there is none, its socket is knocked at now and then.  In a
thread of its own, since the control socket's client waits in it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from syncagent.control import ControlClient
from syncagent.errors import SyncAgentError

KNOCK: Final = 1.5
"""Seconds between two knocks at a door behind which there may be nobody."""

_log: Final = logging.getLogger(__name__)

Heard = Callable[[Mapping[str, Any] | None], None]


class Listening:
    """``heard`` is called from the thread: with what was said, and with None when there is no one (any more)."""

    def __init__(self, client: ControlClient, heard: Heard) -> None:
        self._client = client
        self._heard = heard
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listening", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Hear no more.  The thread may still wait for the agent's next word; it goes with the process."""
        self._ending.set()

    def _run(self) -> None:
        there = True
        while not self._ending.is_set():
            try:
                for said in self._client.follow("watch"):
                    there = True
                    if self._ending.is_set():
                        return
                    self._heard(said)
            except SyncAgentError as error:
                _log.debug("the agent is not heard: %s", error)
            if there and not self._ending.is_set():
                there = False
                self._heard(None)
            self._ending.wait(KNOCK)
