"""Whether a folder is one to be kept, before anything is set up: what forbids it, what one should know, what is in it.

Only looks, and for a few seconds at most.  Blocks: called in a thread.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from syncagent.agent.doctor import folder as doctor
from syncagent.agent.doctor.findings import Check, Verdict
from syncagent.agent.doctor.limits import watch_limits
from syncagent.errors import BadConfig
from syncagent.localfs.root import check_above, holds_one, kept_within
from syncagent.model.values import fixed

FOLDERS: Final = 2000
"""So many of the folders in it are looked into; all of them when it is set up."""

COUNTED: Final = 1000
"""Entries that are counted; more are "more than" so many."""

_OTHERS: Final = {
    ".dropbox": "Dropbox", ".dropbox.cache": "Dropbox", ".stfolder": "Syncthing", ".stignore": "Syncthing",
    ".owncloudsync.log": "ownCloud", ".nextcloudsync.log": "Nextcloud", ".sync_folder.json": "Nextcloud",
    ".tmp.drivedownload": "Google Drive", ".849C9593-D756-4E56-8D6E-42412F2A707B": "OneDrive",
}  # fmt: skip


@fixed
class Prospect:
    """``problem`` forbids it; ``warnings`` a person should know.  ``entries`` is how much is in it, None where there is
    no folder yet; ``kept`` says that it was a folder of ours before."""

    path: Path
    problem: str = ""
    warnings: tuple[str, ...] = ()
    entries: int | None = None
    kept: bool = False


def as_path(text: str, home: Path) -> Path:
    """What a person means by ``text``: ``~`` is their home, and a bare name is in it.  Raises BadConfig."""
    text = text.strip()
    if not text:
        raise BadConfig("which folder?")
    if "\0" in text:
        raise BadConfig("that is no name of a folder")
    if text == "~" or text.startswith("~/"):
        text = str(home) + text[1:]
    return Path(os.path.normpath(home / text))


def look_at(path: Path, home: Path, data_dir: Path) -> Prospect:
    """``path`` (absolute), as a folder to be kept by an agent whose own files are in ``data_dir``."""
    problem = _forbidden(path, data_dir)
    there = path.is_dir()
    if not problem:
        problem = _out_of_reach(path, there=there)
    if problem:
        return Prospect(path, problem)
    entries = _entries(path) if there else None
    warnings = [*_known_places(path, home), *_of_disk(path if there else _nearest(path), data_dir)]
    return Prospect(path, "", tuple(dict.fromkeys(warnings)), entries, (path / ".syncagent" / "root.json").exists())


def folders_in(text: str, home: Path, most: int = 50) -> list[str]:
    """For whoever types: the folders that go on from ``text``.  Only within the person's home: what else there is on
    this machine is nothing for a page."""
    try:
        path = as_path(text or "~/", home)
    except BadConfig:
        return []
    above, begun = (path, "") if text.endswith("/") or text in ("", "~") else (path.parent, path.name)
    real = Path(os.path.realpath(above))
    if not real.is_relative_to(os.path.realpath(home)):
        return []
    try:
        with os.scandir(real) as entries:
            names = sorted(
                (one.name for one in entries if one.is_dir(follow_symlinks=False) and _fits(one.name, begun)),
                key=str.casefold,
            )
    except OSError:
        return []
    return [_shortly(above / name, home) for name in names[:most]]


def _fits(name: str, begun: str) -> bool:
    hidden = name.startswith(".") and not begun.startswith(".")
    return name.casefold().startswith(begun.casefold()) and not hidden and name.isprintable()


def _shortly(path: Path, home: Path) -> str:
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _forbidden(path: Path, data_dir: Path) -> str:
    real, own = Path(os.path.realpath(path)), Path(os.path.realpath(data_dir))
    if real == Path(real.anchor):
        return "the whole file system cannot be kept the same"
    if own.is_relative_to(real) or real.is_relative_to(own):
        return f"the agent's own files are in {own}; choose a folder apart from them"
    try:
        check_above(str(path))
    except BadConfig as error:
        return str(error)
    if not (path / ".syncagent" / "root.json").exists() and (inner := kept_within(str(path), most=FOLDERS)):
        return holds_one(str(path), inner)
    return ""


def _out_of_reach(path: Path, *, there: bool) -> str:
    if there:
        found = doctor.folder(path)
        return found.found if found.verdict is Verdict.PROBLEM else ""
    if os.path.lexists(path):
        return f"{path} is there already, and is no folder"
    above = _nearest(path)
    if not above.is_dir():
        return f"{above} is no folder"
    if not os.access(above, os.W_OK | os.X_OK):
        return f"no folder can be made in {above}"
    return ""


def _nearest(path: Path) -> Path:
    """What is there of ``path``."""
    return next(one for one in (path, *path.parents) if os.path.lexists(one))


def _known_places(path: Path, home: Path) -> Iterator[str]:
    if path == home:
        yield "this is your whole home folder, with the settings and caches of all programs: choose one within it"
    for above in (path, *path.parents):
        for name, program in _OTHERS.items():
            if (above / name).exists():
                yield f"{program} keeps this folder, too: two that carry the same changes get in each other's way"


def _of_disk(place: Path, data_dir: Path) -> Iterator[str]:
    checks: list[Check] = [doctor.file_system(place), watch_limits(place), doctor.room(place, data_dir)]
    for check in checks:
        if check.verdict in (Verdict.WARNING, Verdict.PROBLEM):
            yield f"{check.name}: {check.found}; {check.todo}"


def _entries(path: Path) -> int:
    """How much is in it, as far as it is counted."""
    count = 0
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                count += entry.name != ".syncagent"
                if count > COUNTED:
                    break
    except OSError:
        pass
    return count
