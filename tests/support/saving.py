"""Files that are written as programs do it which show nothing half done."""

from __future__ import annotations

from pathlib import Path

from syncagent.model.names import OWN_FOLDER


def save(root: Path, path: str, text: str) -> Path:
    """Write a file in the folder at ``root``, which an agent keeps.  However long the disk takes, no look finds it
    there and still empty: so it counts as one change, where changes are counted."""
    unseen, target = root / OWN_FOLDER / "being saved", root / path
    unseen.write_text(text)
    unseen.replace(target)
    return target
