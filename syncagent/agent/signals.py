"""What the system says to a program that is to end: to the event loop, and not in between."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator

if sys.platform == "win32":

    @contextlib.contextmanager
    def on_signal(stop: Callable[[], None]) -> Iterator[None]:
        """While the block runs, Ctrl+C and Ctrl+Break are to ``stop``.  There is no SIGTERM: what is to end from
        outside is told so over its control channel.  Of the main thread."""
        loop = asyncio.get_running_loop()

        def told(*_: object) -> None:
            loop.call_soon_threadsafe(stop)

        before = {number: signal.signal(number, told) for number in (signal.SIGINT, signal.SIGBREAK)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

else:

    @contextlib.contextmanager
    def on_signal(stop: Callable[[], None]) -> Iterator[None]:
        """While the block runs, SIGINT and SIGTERM are to ``stop``.  Of the main thread."""
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, stop)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)
