"""Whether a file is as we have written it: it carries a sum of itself.

Pure.  What a person has changed is theirs, and is neither replaced nor removed unasked.  What an older version of ours
has written, and nobody changed, may be replaced.
"""

from __future__ import annotations

import hashlib
import re
from enum import Enum
from typing import Final

BLANK: Final = "0" * 16
"""What stands in the place of the sum while the sum is taken."""

NOTE: Final = f"Written by `syncagent autostart on`, and not touched by it once it was changed. sum:{BLANK}"
"""Each text holds this once, as a comment in its own language."""

_SUM: Final = re.compile(r"(?<=sum:)[0-9a-f]{16}")


class Hand(Enum):
    """Whose a file is, and how it stands."""

    ABSENT = "absent"
    CURRENT = "current"
    OUTDATED = "outdated"
    """Ours and unchanged, but not what we would write now."""
    CHANGED = "changed"
    """Someone else's, or changed by someone else."""


def seal(text: str) -> str:
    """``text``, which holds the note, with its sum."""
    return text.replace(BLANK, sum_of(text), 1)


def hand_of(found: str | None, wanted: str) -> Hand:
    """How what was found (None: nothing) stands to what would be written now, sealed."""
    if found is None:
        return Hand.ABSENT
    if found == wanted:
        return Hand.CURRENT
    blank, sums = _SUM.subn(BLANK, found)
    return Hand.OUTDATED if sums == 1 and seal(blank) == found else Hand.CHANGED


def sum_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
