"""What the tray remembers from one login to the next: what it has told, until when it is to be quiet."""

from __future__ import annotations

import contextlib
import json
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from syncagent.desktop.notices import Told
from syncagent.errors import BadConfig
from syncagent.model.values import fixed
from syncagent.private import write_private

_MOST: Final = 100


@fixed
class Remembered:
    """``no_tray_told``: that this desktop shows no icons."""

    told: Told = field(default_factory=Told)
    snoozed_until: float = 0.0
    no_tray_told: bool = False


def recall(path: Path) -> Remembered:
    """What is written there; what cannot be read is forgotten."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        told = Told(
            int(found["conflicts"]),
            tuple(str(one) for one in found["held"]),
            tuple(str(one) for one in found["complete"]),
        )
        return Remembered(told, float(found["snoozed_until"]), found["no_tray_told"] is True)
    except (OSError, ValueError, KeyError, TypeError):
        return Remembered()


def remember(path: Path, what: Remembered) -> None:
    """Write it down.  That it cannot be is no reason to trouble anyone: something may be told twice then."""
    text = json.dumps(
        {
            "conflicts": what.told.conflicts,
            "held": what.told.held[-_MOST:],
            "complete": what.told.complete[-_MOST:],
            "snoozed_until": what.snoozed_until,
            "no_tray_told": what.no_tray_told,
        }
    )
    with contextlib.suppress(BadConfig):
        write_private(path, text)
