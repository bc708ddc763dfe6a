"""The folder: whether it is there, the file system that it is on and what that can do, room."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from syncagent.agent.doctor.findings import Check, Verdict, note, ok, problem, warning
from syncagent.agent.doctor.trial import trial_folder
from syncagent.engine.lines import bytes_in_words
from syncagent.errors import RootMissing
from syncagent.localfs.here import disk_at
from syncagent.localfs.ignore import STAGE
from syncagent.localfs.probe import probe
from syncagent.model.names import OWN_FOLDER
from syncagent.reserve import bytes_or_share, kept_of

_NETWORK: Final = (
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "fuse.rclone", "davfs",
    "fuse.davfs2", "ncpfs", "afpfs",
)  # fmt: skip
_PASSING: Final = ("tmpfs", "ramfs", "overlay")
_SMALL: Final = 100_000_000
_SOON: Final = 1_000_000_000


def folder(root: Path) -> Check:
    try:
        found = root.lstat()
    except FileNotFoundError:
        return problem(
            "folder", f"{root} is not there", "mount it, or bring it back; nothing is deleted",
            "the agent waits for it: what is missing because a disk is away is not taken for deleted",
        )  # fmt: skip
    except OSError as error:
        return problem("folder", f"{root}: {error.strerror}", "see that you may read it")
    if not root.is_dir():
        return problem("folder", f"{root} is not a folder", "choose another sync_root")
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        return problem("folder", f"{root} cannot be read and written", "see that you may do both")
    if stat.S_ISLNK(found.st_mode):
        return ok("folder", f"{root}, which leads to {root.resolve()}")
    return ok("folder", str(root))


def file_system(root: Path) -> Check:
    """A change that another machine makes on a network file system is not told to the watcher of this one."""
    kind, options = mount_of(root)
    data: dict[str, Any] = {"type": kind}
    if "ro" in options:
        return problem("file system", f"{kind}, mounted for reading only", "mount it for writing", **data)
    if kind in _NETWORK:
        return warning(
            "file system", f"{kind}, over a network", "run the agent on the machine that has the disk, if you can",
            "changes by others are seen at the next full scan only, and locks and times are less to be relied on",
            **data,
        )  # fmt: skip
    if kind in _PASSING:
        means = "what is in memory, or in a container's layer, goes with it: it is here as long as that is"
        return note("file system", kind, means, **data)
    return ok("file system", kind or "not known", **data)


def mount_of(path: Path, table: Path = Path("/proc/self/mountinfo")) -> tuple[str, frozenset[str]]:
    """The type and the options of the mount that is nearest above ``path``; nothing where that is not known."""
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return "", frozenset()
    best, kind, options = "", "", frozenset[str]()
    real = str(path.resolve())
    for line in lines:
        left, _, right = line.partition(" - ")
        fields = left.split()
        at = fields[4].replace("\\040", " ")
        inside = real == at or real.startswith(at.rstrip("/") + "/")
        if inside and len(at) >= len(best):
            best, kind, options = at, right.split()[0], frozenset(fields[5].split(","))
    return kind, options


def abilities(root: Path) -> Check:
    """What the file system can do, tried in our own folder within it; nothing of that stays behind."""
    name = "what it can do"
    if not (root / OWN_FOLDER).is_dir():
        return note(name, "not tried: the folder is not kept yet, and nothing is put into it")
    try:
        with trial_folder(root) as trial:
            can = _tried(trial)
    except (OSError, RootMissing) as error:
        return problem(
            name, f"nothing can be put into {root / OWN_FOLDER}: {getattr(error, 'strerror', '') or error}",
            "see that you may write there, and that there is room", "whatever is received is put together there",
        )  # fmt: skip
    words = {
        "tells capitals": can["case_sensitive"], "keeps spellings apart": can["unicode_sensitive"],
        "exchanges two files at once": can["exchange"], "symbolic links": can["symbolic_links"],
        "hard links": can["hard_links"], "executable bit": can["executable_bit"],
        "extended attributes": can["extended_attributes"], "fine times": can["fine_times"],
    }  # fmt: skip
    found = ", ".join(f"{word}: {'yes' if yes else 'no'}" for word, yes in words.items())
    lacks = [text for key, text in _LACKS.items() if not can[key]]
    if lacks:
        return Check(name, Verdict.NOTE, found, means="; ".join(lacks), data=can)
    return ok(name, found, **can)


_LACKS: Final = {
    "case_sensitive": "of files whose names differ in capitals alone one is kept here, the other is listed as skipped",
    "symbolic_links": "links are listed as skipped here, and stay at the hub",
    "executable_bit": "which files are programs is not seen here, and left as the others have it",
    "fine_times": "changes that follow each other closely are told apart by content: more is read",
}


def _tried(trial: Path) -> dict[str, bool]:
    (trial / STAGE).mkdir(parents=True)
    found = probe(disk_at(str(trial)))
    one = trial / "one"
    one.write_bytes(b"x")
    one.chmod(0o755)
    return {
        "case_sensitive": not found.folds_case,
        "unicode_sensitive": not _same_spelling(trial),
        "exchange": found.exchange,
        "symbolic_links": found.links,
        "hard_links": _works(lambda: os.link(one, trial / "other")),
        "executable_bit": bool(one.stat().st_mode & 0o100),
        "extended_attributes": hasattr(os, "setxattr") and _works(lambda: os.setxattr(one, "user.syncagent", b"x")),
        "fine_times": found.window_ns < 1_000_000_000,
    }


def _same_spelling(trial: Path) -> bool:
    composed = trial / "\u00e9"
    with suppress(OSError, UnicodeError):
        composed.write_bytes(b"")
        return (trial / unicodedata.normalize("NFD", composed.name)).exists()
    return False


def _works(attempt: Any) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def room(root: Path, data_dir: Path, min_free: str = "0") -> Check:
    """What is left on the fuller of the two disks, beyond what is to stay free."""
    there = [path for path in (root, data_dir) if path.is_dir()]
    free, path = min((_beyond(path, min_free), path) for path in there)
    beyond = f" beyond what is to stay so (min_free = {min_free})" if min_free != "0" else ""
    found = f"{bytes_in_words(max(free, 0))} free at {path}{beyond}"
    if free < _SMALL:
        return problem("disk space", found, "make room", "nothing can be received", free=free)
    if free < _SOON:
        means = "what is received needs room before it is put in place"
        return warning("disk space", found, "make room soon", means, free=free)
    if (inodes := _inodes_left(path)) is not None and inodes < 1000:
        found = f"{found}, but of files only {inodes} more can be made"
        return problem("disk space", found, "remove files, or make a file system with more inodes", free=free)
    return ok("disk space", found, free=free)


def passed_over(path: Path, blocks: Path = Path("/sys/dev/block")) -> str:
    """That the disk below ``path`` has a scheduler which knows no priorities, in words; "" where it is not known to."""
    if sys.platform != "win32":
        with suppress(OSError):
            number = path.stat().st_dev
            device = blocks / f"{os.major(number)}:{os.minor(number)}"
            for queue in (device / "queue", device.resolve().parent / "queue"):  # of a partition, its disk has it
                if (queue / "scheduler").is_file():
                    chosen = re.search(r"\[(\S+)\]", (queue / "scheduler").read_text(encoding="ascii"))
                    if chosen is not None and chosen[1] in ("none", "kyber"):
                        return f"; this disk's scheduler ({chosen[1]}) passes that over"
                    break
    return ""


def _beyond(path: Path, min_free: str) -> int:
    usage = shutil.disk_usage(path)
    return usage.free - kept_of(bytes_or_share(min_free), usage.total)


def _inodes_left(path: Path) -> int | None:
    if not hasattr(os, "statvfs"):
        return None
    found = os.statvfs(path)
    return found.f_favail if found.f_files else None


__all__ = ["Verdict", "abilities", "file_system", "folder", "mount_of", "passed_over", "room"]
