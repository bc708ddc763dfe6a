"""The line at the foot of the terminal that shows long work going on.  Nothing at all when stderr is no terminal."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Final

from syncagent.agent.logs import visible
from syncagent.cli.words import summary
from syncagent.control import ControlClient
from syncagent.errors import SyncAgentError

EVERY_SECONDS: Final = 0.5


@contextlib.contextmanager
def live_status(client: ControlClient) -> Iterator[None]:
    """Show the agent's status while the block runs."""
    if not sys.stderr.isatty():
        yield
        return
    # rich takes longer to import than a whole `status` to run: only for those who see it.
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    done = threading.Event()
    with Console(stderr=True).status(Text("starting")) as line:

        def show() -> None:
            while not done.wait(EVERY_SECONDS):
                try:
                    text = summary(client.call("status", within=5))
                except SyncAgentError as error:
                    text = str(error)
                line.update(Text(visible(text)))

        watching = threading.Thread(target=show, name="live-status", daemon=True)
        watching.start()
        try:
            yield
        finally:
            done.set()
            watching.join(timeout=6)
