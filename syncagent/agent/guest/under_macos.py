"""What macOS says of its power, by `pmset`.  Whether a network is metered it tells only programs of its own kind."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from typing import Final

from syncagent.agent.guest.deciding import Conditions

_SECONDS: Final = 10.0

Ask = Callable[[tuple[str, ...]], str]


def asked(ask: Ask | None = None) -> Conditions:
    """How it stands with the machine.  Blocks."""
    ask = ask or _run
    said = ask(("/usr/bin/pmset", "-g", "batt"))
    source = re.search(r"drawing from '(\w+) Power'", said)
    level = re.search(r"(\d+)%;", said)
    saver = re.search(r"^\s*lowpowermode\s+(\d)", ask(("/usr/bin/pmset", "-g")), re.MULTILINE)
    return Conditions(
        on_battery=None if source is None else source[1] != "AC",
        percent=None if level is None else float(level[1]),
        saver=None if saver is None else saver[1] == "1",
    )


def _run(command: tuple[str, ...]) -> str:
    """What it says; nothing where it does not succeed."""
    try:
        run = subprocess.run(  # noqa: S603 - words of ours, and no shell
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return run.stdout.decode("utf-8", "replace")
