"""What the system lets one user have: watched folders, instances of watching, open files.

Linux goes silent beyond its limits on watches, which the agent notices: it looks through the folder every so often
instead, which is slower and says so.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from syncagent.agent.doctor.findings import Check, ok, problem, warning

COUNT_SECONDS: Final = 3.0
INOTIFY: Final = Path("/proc/sys/fs/inotify")
PROC: Final = Path("/proc")

FEW_FILES: Final = 256
"""An agent holds some twenty files open, and a hub beside it one for each machine; with so many it is at its end."""
ENOUGH_FILES: Final = 1024

_MEANS: Final = "changes in folders that cannot be watched are found by looking through everything every 30 s only"


def watch_limits(root: Path, limits: Path = INOTIFY, proc: Path = PROC) -> Check:
    """How many folders may be watched, and how many there are; other programs of this user take from the same."""
    try:
        most = int((limits / "max_user_watches").read_text())
    except (OSError, ValueError):
        return ok("watching", "this system has no limit on watched folders")
    count, whole = count_folders(root, most)
    watches, _ = in_use(proc)
    need = count + watches
    found = f"{'' if whole else 'at least '}{count} folders of {most} that may be watched"
    if watches:
        found += f"; other programs watch {watches} places"
    data = {"folders": count, "counted_all": whole, "limit": most, "in_use": watches}
    todo = set_limit("fs.inotify.max_user_watches", max(524288, need * 4))
    if need >= most:
        return problem("watching", found, todo, _MEANS, **data)
    if need > most * 0.6:
        return warning("watching", found, todo, _MEANS, **data)
    return ok("watching", found, **data)


def instance_limits(limits: Path = INOTIFY, proc: Path = PROC) -> Check | None:
    """How many programs of this user may watch at all."""
    try:
        most = int((limits / "max_user_instances").read_text())
    except (OSError, ValueError):
        return None
    _, instances = in_use(proc)
    found, data = f"{instances} of {most} are in use", {"in_use": instances, "limit": most}
    todo = set_limit("fs.inotify.max_user_instances", max(1024, most * 4))
    if instances >= most:
        return problem("watching programs", found, todo, _MEANS, **data)
    if instances > most * 0.8:
        return warning("watching programs", found, todo, _MEANS, **data)
    return ok("watching programs", found, **data)


def set_limit(name: str, value: int) -> str:
    """The one line that raises a limit of the kernel, now and at each start of the machine."""
    return f"echo {name}={value} | sudo tee /etc/sysctl.d/90-{name.rsplit('.', 1)[1]}.conf && sudo sysctl --system"


def open_files(limit: tuple[int, int] | None = None) -> Check:
    """``limit``: what is in force, and how far one may raise it."""
    soft, hard = limit or _limit_of_files()
    found, data = f"{soft} files may be open at once", {"limit": soft, "most": hard}
    means = "an agent, and above all a hub with many machines, comes to a point at which it can open nothing more"
    todo = f"ulimit -n {min(4096, hard)}, before it is started (for systemd: LimitNOFILE={min(4096, hard)})"
    if soft < FEW_FILES:
        return problem("open files", found, todo, means, **data)
    if soft < ENOUGH_FILES:
        return warning("open files", found, todo, means, **data)
    return ok("open files", found, **data)


def _limit_of_files() -> tuple[int, int]:
    if sys.platform == "win32":
        return 8192, 8192
    else:  # noqa: RET505 - a type checker follows one platform's branch only when it is one
        import resource  # noqa: PLC0415 - not everywhere

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        endless = 1 << 20
        return (endless if soft < 0 else soft), (endless if hard < 0 else hard)


def in_use(proc: Path = PROC) -> tuple[int, int]:
    """How many watches and how many instances the programs of this user have, as far as that can be seen."""
    watches = instances = 0
    end = time.monotonic() + COUNT_SECONDS
    for fd, info in _inotify_files(proc):
        instances += 1
        try:
            watches += (info / fd).read_text(errors="replace").count("inotify wd:")
        except OSError:
            continue
        if time.monotonic() > end:
            break
    return watches, instances


def _inotify_files(proc: Path) -> Iterator[tuple[str, Path]]:
    try:
        processes = [one for one in os.listdir(proc) if one.isdigit()]
    except OSError:
        return
    for process in processes:
        try:
            for fd in os.listdir(proc / process / "fd"):
                if os.readlink(proc / process / "fd" / fd) == "anon_inode:inotify":
                    yield fd, proc / process / "fdinfo"
        except OSError:
            continue  # another user's, or it has just ended


def count_folders(root: Path, most: int, clock: Callable[[], float] = time.monotonic) -> tuple[int, bool]:
    """How many folders there are, itself included, and whether the count came to its end (in number and in time)."""
    count, left, end = 0, [os.fspath(root)], clock() + COUNT_SECONDS
    while left:
        count += 1
        if count > most or clock() > end:
            return count, False
        try:
            with os.scandir(left.pop()) as entries:
                left.extend(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
        except OSError:
            continue  # a folder that cannot be read is not watched either
    return count, True
