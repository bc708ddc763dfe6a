"""What is imported exists on each system that we have code for: a start must not fail for a module that is not needed.

The package is loaded twice: as it is, so that all that is not ours is there; then anew, as if this were another system,
without the modules and names that there are none of.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "syncagent"

POSIX_MODULES = ("fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog", "dbus_fast")
POSIX_NAMES = {
    "os": (
        "O_NOFOLLOW", "O_DIRECTORY", "O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY", "getuid", "geteuid", "getgid", "fork",
        "pread", "pwrite", "fchmod", "chown", "fchown", "lchown", "mkfifo", "killpg", "getpgid", "setsid", "statvfs",
        "fstatvfs", "eventfd", "uname", "nice", "sync", "posix_spawn", "getloadavg", "preadv", "pwritev", "sendfile",
    ),
    "socket": ("AF_UNIX", "AF_NETLINK", "socketpair"),
    "signal": ("SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGURG", "SIGPIPE", "pthread_sigmask", "alarm", "setitimer"),
    "select": ("poll", "epoll"),
    "asyncio": ("start_unix_server", "open_unix_connection"),
    "time": ("clock_gettime", "clock_gettime_ns", "CLOCK_MONOTONIC", "CLOCK_BOOTTIME"),
}  # fmt: skip
LINUX_NAMES = {
    "os": ("eventfd", "EFD_CLOEXEC", "posix_fadvise", "copy_file_range", "memfd_create", "O_PATH", "O_TMPFILE"),
    "socket": ("AF_NETLINK", "SO_PEERCRED"),
    "select": ("epoll",),
    "time": ("CLOCK_BOOTTIME",),
    "fcntl": ("F_SETLEASE", "F_SETSIG"),
}

ON_A_BUS = (
    "syncagent/bus",
    *(f"syncagent/agent/guest/{name}" for name in ("on_linux", "under_n", "under_u", "under_l")),
)
"""Loaded where there is a bus, and the library for it."""

PROGRAM = """\
import asyncio, ctypes, importlib, os, select, signal, socket, sys, time, types
names = {names!r}
for name in names:
    importlib.import_module(name)
for name in [name for name in sys.modules if name.partition(".")[0] == "syncagent"]:
    del sys.modules[name]
for name in {modules!r}:
    for loaded in [one for one in sys.modules if one == name or one.startswith(name + ".")]:
        sys.modules[loaded] = None
    sys.modules[name] = None
for module, lost in {lost!r}.items():
    for name in lost:
        if hasattr(sys.modules[module], name):
            delattr(sys.modules[module], name)
if {platform!r} == "win32":
    sys.modules["msvcrt"] = types.ModuleType("msvcrt")
    os.O_NOINHERIT, os.O_BINARY = 0x80, 0x8000
    sys.modules["signal"].SIGBREAK = 21
if {platform!r} == "darwin":
    sys.modules["_watchdog_fsevents"] = types.ModuleType("_watchdog_fsevents")
def none(name, *rest, **options):
    raise TypeError("bad argument type")
if {platform!r} == "win32":
    ctypes.CDLL = none  # CDLL(None) is an error there
sys.platform = {platform!r}
for name in names:
    try:
        importlib.import_module(name)
    except Exception as error:
        print(name, repr(error))
"""


def modules_but(*left_out: str) -> list[str]:
    found = []
    for path in PACKAGE.rglob("*.py"):
        relative = path.relative_to(PACKAGE.parent).with_suffix("").as_posix()
        if not relative.startswith(left_out) and path.name not in ("__main__.py", "__init__.py"):
            found.append(relative.replace("/", "."))
    return sorted(found)


@pytest.mark.parametrize(
    ("platform", "modules", "lost", "left_out"),
    [
        ("win32", POSIX_MODULES, POSIX_NAMES, ("syncagent/desktop/bus", "syncagent/localfs/real")),
        ("darwin", ("dbus_fast",), LINUX_NAMES, ("syncagent/desktop/bus",)),
    ],
)
def test_every_module_loads_there(
    platform: str, modules: tuple[str, ...], lost: dict[str, tuple[str, ...]], left_out: tuple[str, ...]
) -> None:
    names = modules_but(*left_out, *ON_A_BUS)
    program = PROGRAM.format(names=names, modules=modules, lost=lost, platform=platform)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100)
    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)


def test_a_module_that_is_not_there_is_noticed() -> None:
    program = PROGRAM.format(
        names=["syncagent.localfs.real"], modules=POSIX_MODULES, lost=POSIX_NAMES, platform="win32"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100)
    assert run.stdout.startswith("syncagent.localfs.real ")
