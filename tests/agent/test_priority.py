"""Who comes first at the disk and at the processors: asked of a real Linux, and of stand-ins for the others."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from syncagent.agent.priority import Linux, MacOs, Nothing, Priority, Windows, system_here

LAST, IDLE = (2 << 13) | 7, 3 << 13
on_linux = pytest.mark.skipif(not isinstance(system_here(), Linux), reason="asked of Linux")


class Heard:
    """A system that notes what it is told, and refuses what it is to."""

    disk = ("last", "idle")

    def __init__(self, *refuses: str) -> None:
        self.refuses = refuses
        self.told: list[str] = []

    def _hear(self, what: str) -> None:
        if what.split(maxsplit=1)[0] in self.refuses:
            raise OSError(1, "Operation not permitted")
        self.told.append(what)

    def behind(self, *, idle: bool) -> int:
        self._hear(f"behind {idle}")
        return 4

    def as_before(self, before: int) -> None:
        self._hear(f"before {before}")

    def whole(self, *, last: bool) -> None:
        self._hear(f"whole {last}")


def test_what_takes_long_is_behind_and_then_as_before() -> None:
    heard = Heard()
    priority = Priority(heard)
    with priority.behind():
        pass
    assert heard.told == [], "before anyone has said so, it is as every program"
    priority.go_by("low")
    with priority.behind(), priority.behind():
        assert heard.told == ["behind False"], "once for a thread"
    assert heard.told == ["behind False", "before 4"]
    assert priority.in_words() == "low: large files and masses of them wait for others at the disk (last)"


def test_each_thread_is_asked_about_itself() -> None:
    heard = Heard()
    priority = Priority(heard)
    priority.go_by("low")

    def work() -> None:
        with priority.behind():
            pass

    with priority.behind():
        other = threading.Thread(target=work)
        other.start()
        other.join()
    assert heard.told == ["behind False", "behind False", "before 4", "before 4"]


def test_the_lowest_has_the_last_turn_at_the_processors_as_a_whole_and_never_a_thread_alone() -> None:
    heard = Heard()
    priority = Priority(heard)
    for level in ("low", "lowest", "lowest", "normal", "low"):
        priority.go_by(level)  # type: ignore[arg-type]
    assert heard.told == ["whole True", "whole False"]
    priority.go_by("lowest")
    with priority.behind():
        pass
    assert heard.told[2:] == ["whole True", "behind True", "before 4"]
    assert priority.in_words() == (
        "lowest: large files and masses of them wait for others at the disk (idle); "
        "all of it has the last turn at the processors"
    )


def test_what_the_system_refuses_is_told_and_stops_nothing() -> None:
    priority = Priority(Heard("behind", "whole"))
    priority.go_by("lowest")
    done = False
    with priority.behind():
        done = True
    assert done
    assert priority.in_words() == (
        "lowest: for the disk the system refuses it (Operation not permitted); "
        "for the processors the system refuses it (Operation not permitted)"
    )
    assert set(priority.in_force()["refused"]) == {"disk", "processors"}


def test_a_system_without_any_of_it_says_so() -> None:
    priority = Priority(Nothing())
    priority.go_by("low")
    with priority.behind():
        pass
    assert priority.in_words() == "low: this system has nothing of the kind for disks"
    priority.go_by("normal")
    assert priority.in_words() == "normal: as every program"


# --- each system ------------------------------------------------------------------------------------------------------


def of_this_thread(system: Linux) -> int:
    return system._syscall(system._number + 1, 1, 0)


@on_linux
@pytest.mark.parametrize(("level", "value"), [("low", LAST), ("lowest", IDLE)])
def test_linux_is_asked_for_the_thread_alone(level: str, value: int) -> None:
    system = system_here()
    assert isinstance(system, Linux)
    priority = Priority(system)
    priority._level = level  # type: ignore[assignment]  # the process as a whole stays as it is
    before = of_this_thread(system)
    found: list[int] = []
    with priority.behind():
        other = threading.Thread(target=lambda: found.append(of_this_thread(system)))
        found.append(of_this_thread(system))
    assert found == [value]
    other.start()
    other.join()
    assert found[1] == before == of_this_thread(system)


@on_linux
@pytest.mark.parametrize("own", [True, False])
def test_the_whole_process_is_last_at_the_processors_and_its_session_only_if_it_is_its_own(own: bool) -> None:
    program = (
        "import os, threading; from syncagent.agent.priority import HERE; over = threading.Event();"
        "threading.Thread(target=over.wait).start(); HERE.go_by('lowest');"
        "print([os.getpriority(0, int(one)) for one in os.listdir('/proc/self/task')],"
        " open('/proc/self/autogroup').read() if os.path.exists('/proc/self/autogroup') else '', HERE.in_words());"
        "over.set()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, start_new_session=own,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout.startswith("[10, 10] ")
    assert "has the last turn at the processors" in done.stdout
    if "nice" in done.stdout:
        assert ("nice 10" in done.stdout) is own


def test_what_linux_refuses_is_an_error() -> None:
    refused = Linux(251, lambda *_: -1, lambda: 1)
    with pytest.raises(PermissionError):
        refused.behind(idle=False)


def test_macos_has_policies_for_the_disk() -> None:
    told: list[tuple[int, int, int]] = []
    system = MacOs(lambda *what: told.append(what) or 0)  # type: ignore[func-returns-value]
    system.as_before(system.behind(idle=False))
    system.as_before(system.behind(idle=True))
    assert told == [(0, 1, 4), (0, 1, 0), (0, 1, 3), (0, 1, 0)]
    with pytest.raises(OSError):
        MacOs(lambda *_: -1).behind(idle=True)


def test_windows_has_priorities_of_threads_at_the_disk_and_classes_of_processes() -> None:
    threads: list[int] = []
    classes: list[int] = []
    system = Windows(lambda how: threads.append(how) or 0, lambda how: classes.append(how) or 1)  # type: ignore[func-returns-value]
    system.as_before(system.behind(idle=False))
    system.as_before(system.behind(idle=True))
    system.whole(last=True)
    system.whole(last=False)
    assert (threads, classes) == ([1, 2, 0, 2], [0x4000, 0x20])
    with pytest.raises(OSError):
        Windows(lambda _: 1, lambda _: 0).whole(last=True)
    with pytest.raises(OSError):
        Windows(lambda _: 1, lambda _: 1).behind(idle=False)
