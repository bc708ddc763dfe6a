"""Names in the folder that other systems cannot hold: there they are listed as skipped, and stay at the hub.

``objection`` and ``clashing`` are pure.
"""

from __future__ import annotations

import os
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from syncagent.agent.doctor.findings import Check, note, ok
from syncagent.model.names import OWN_FOLDER

SECONDS: Final = 5.0
SHOWN: Final = 5
MOST: Final = 1000

_RESERVED: Final = re.compile(r"(?i)^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?$")
_FORBIDDEN: Final = re.compile(r'[<>:"|?*\\\x00-\x1f]')
_LONGEST: Final = 255


def objection(name: str) -> str:
    """Which system cannot hold a file of this name, and why; empty when all can."""
    if found := _FORBIDDEN.search(name):
        return f"Windows: {found[0]!r} cannot be in a name"
    if name.endswith((".", " ")):
        return "Windows: a name cannot end with a dot or a space"
    if _RESERVED.match(name):
        return "Windows: that name means a device"
    if len(name.encode("utf-16-le", "surrogatepass")) // 2 > _LONGEST:
        return "Windows, macOS: the name is too long"
    return ""


def clashing(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Names of one folder of which a system that does not tell capitals, or spellings in Unicode, takes two for one."""
    seen: dict[str, str] = {}
    for name in sorted(names):
        key = unicodedata.normalize("NFC", name).casefold()
        if (first := seen.setdefault(key, name)) != name:
            yield first, name


def foreign_names(root: Path, clock: Callable[[], float] = time.monotonic) -> Check:
    found, whole = look_for(root, clock)
    if not found:
        return ok("names", "every system can hold them" if whole else "no trouble among those that were looked at")
    shown = "; ".join(f"{path} ({why})" for path, why in found[:SHOWN])
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    means = "machines with those systems leave them out, and list them as skipped; here and at the hub they are safe"
    data = {"names": [{"path": path, "reason": why} for path, why in found], "looked_at_all": whole}
    return note("names", f"{shown}{more}", means, "rename them if such a machine is to have them", **data)


def look_for(root: Path, clock: Callable[[], float] = time.monotonic) -> tuple[list[tuple[str, str]], bool]:
    """What there is, with the reason; and whether all was looked at, in number and in time."""
    found: list[tuple[str, str]] = []
    left, end = [""], clock() + SECONDS
    while left:
        at = left.pop()
        if clock() > end or len(found) >= MOST:
            return found[:MOST], False
        try:
            with os.scandir(root / at) as entries:
                names = {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
        except OSError:
            continue
        if not at:
            names.pop(OWN_FOLDER, None)
        inside = f"{at}/" if at else ""
        found.extend((f"{inside}{name}", why) for name in sorted(names) if (why := objection(name)))
        found.extend(
            (f"{inside}{name}", f"Windows, macOS: the same name there as {first}") for first, name in clashing(names)
        )
        left.extend(f"{inside}{name}" for name, is_folder in names.items() if is_folder)
    return found, True
