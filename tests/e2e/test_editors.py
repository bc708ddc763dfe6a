"""However an editor saves: one change of the file it saved, no delete, no conflict copy, nothing of it left elsewhere.

Each sequence of calls (``editors.py``) is played on a disk in memory, with the hints that the watcher gives of each
call, by the real rules of when hints are handed on, at several paces; then with a look between any two steps, which no
rule would give; and once with a real agent that watches a real folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from syncagent.content.digest import digest_of
from syncagent.engine import events as ev
from syncagent.localfs.dirty import DirtySet, Seen
from syncagent.localfs.ports import Rename
from syncagent.localfs.real import RealDisk
from syncagent.model.changes import Change, Operation
from syncagent.model.ids import Digest
from syncagent.model.names import RelPath, is_conflict_name, split
from tests.e2e.editors import DOC, NEW, OLD, SEQUENCES, Step
from tests.e2e.machines import Machine, copies, in_sync
from tests.support.solo import Solo

THOUGHT = 3.0


class Desk:
    """A folder with a document, an agent that is told of what happens as a watcher would, and a hub that takes all."""

    def __init__(self) -> None:
        self.solo = Solo()
        for folder in ("docs",):
            self.solo.user.mkdir(folder)
        self.solo.user.write(DOC, OLD.encode())
        self.solo.start().online()
        self.solo.accept_all()
        self.solo.pass_time(30.0)
        self.solo.accept_all()
        self.node = self.solo.id_of(DOC)
        self.dirty = DirtySet()
        self.open_files = ExitStack()
        self.changes: list[Change] = []
        self._accept = self.solo.accept
        self.solo.accept = self._taken  # type: ignore[method-assign]

    def _taken(self, changes: object = None) -> list[Change]:
        taken = self._accept()
        self.changes += taken
        return taken

    # --- the editor ---------------------------------------------------------------------------------------------

    def do(self, step: Step) -> list[str]:  # noqa: C901 - a table of calls
        """One call; gives the paths that it is about."""
        disk, user, saw = self.solo.disk, self.solo.user, self._saw
        match step:
            case ("open", path):
                if user.read(path) is None:
                    user.write(path, b"")
                    saw(path, Seen.CREATED)
            case ("truncate", path):
                if user.read(path):
                    self._put(path, b"")
            case ("write", path, text):
                self._put(path, (user.read(path) or b"") + text.encode() if text != NEW else text.encode())
            case ("close", path):
                saw(path, Seen.CLOSED)
            case ("rename", old, new):
                user.move(old, new)
                saw(old, Seen.GONE)
                saw(new, Seen.APPEARED, origin=old)
            case ("swap", one, other):
                disk.move(RelPath(one), RelPath(other), Rename.EXCHANGE)
                for old, new in ((one, other), (other, one)):
                    saw(old, Seen.GONE)
                    saw(new, Seen.APPEARED, origin=old)
            case ("unlink", path):
                user.delete(path)
                saw(path, Seen.GONE)
            case ("symlink", target, path):
                user.symlink(target, path)
                saw(path, Seen.APPEARED)
            case ("link", old, new):
                disk.link(RelPath(old), RelPath(new))
                saw(new, Seen.APPEARED)
            case ("chmod", path, mode):
                user.chmod(path, int(mode, 8))
                saw(path, Seen.TOUCHED)
            case ("touch", path):
                user.touch(path, 1_600_000_000_000_000_000)
                saw(path, Seen.TOUCHED)
            case ("mkdir", path):
                user.mkdir(path)
                saw(path, Seen.APPEARED, is_dir=True)
            case ("rmdir", path):
                user.delete(path)
                saw(path, Seen.GONE, is_dir=True)
            case _:
                raise AssertionError(step)
        return list(step[1:3] if step[0] in ("rename", "swap") else step[1:2] if step[0] != "symlink" else step[2:3])

    def _put(self, path: str, data: bytes) -> None:
        with self.solo.user.held_open(path) as write:
            write(data)
        self._saw(path, Seen.WRITTEN)

    def _saw(self, path: str, seen: Seen, *, is_dir: bool = False, origin: str | None = None) -> None:
        at = RelPath(origin) if origin is not None else None
        self.dirty.saw(self.solo.now, RelPath(path), seen, is_dir=is_dir, origin=at)

    # --- time, and looks ----------------------------------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        """Time passes, and what is due by the rules is looked at."""
        end = self.solo.now + seconds
        while (due := self.dirty.next_due()) is not None and due <= end:
            self.solo.pass_time(max(due - self.solo.now, 0.0))
            hints = self.dirty.take(self.solo.now)
            if hints is None:
                continue
            paths = (*hints.paths, *(folder for folder in hints.folders if folder))
            self.solo.feed(ev.Hinted(paths, hints.folders, hints.everything, hints.reason))
            self.solo.accept_all()
        self.solo.pass_time(end - self.solo.now)
        self.solo.accept_all()

    def look(self, paths: list[str]) -> None:
        """A look at once, by no rule."""
        self.solo.feed(ev.Hinted(tuple(map(RelPath, paths))))
        self.solo.accept_all()

    # --- what is judged -----------------------------------------------------------------------------------------

    def of_the_document(self) -> list[tuple[Operation, Digest | None]]:
        """What was told of it; with what it held, so that a mtime that is set last is not one more edit."""
        told = [(one.operation, one.content.digest if one.content else None) for one in self._changes_of_it()]
        return list(dict.fromkeys(told))

    def _changes_of_it(self) -> list[Change]:
        return [change for change in self.changes if change.node_id == self.node]

    def check_peace(self) -> None:
        """All is at rest, the document is what was saved, nothing was lost or copied aside."""
        self.pass_time(70.0)
        self.solo.feed(ev.Hinted(everything=True))
        self.solo.accept_all()
        self.pass_time(70.0)
        assert self.solo.status.in_sync, self.solo.status
        assert self.solo.user.read(DOC) == NEW.encode()
        tree = self.solo.tree()
        assert not [path for path in tree if is_conflict_name(split(RelPath(path))[1])]
        assert not self.solo.status.held


def play(desk: Desk, steps: list[Step], between: Callable[[int, list[str]], None]) -> None:
    for number, step in enumerate(steps):
        if step == ("think",):
            desk.pass_time(THOUGHT)
        else:
            between(number, desk.do(step))


@pytest.mark.hazard("A10", "A11", "N5")
@pytest.mark.parametrize("pace", [0.0, 0.0002, 0.002, 0.01, 0.04], ids="{} s between calls".format)
@pytest.mark.parametrize("program", SEQUENCES)
def test_a_save_is_one_change_of_the_file(program: str, pace: float) -> None:
    desk = Desk()
    play(desk, SEQUENCES[program], lambda number, paths: desk.pass_time(pace))
    desk.check_peace()
    assert desk.of_the_document() == [(Operation.UPDATE, digest_of(NEW.encode()))], program
    assert desk.solo.id_of(DOC) == desk.node


@pytest.mark.hazard("A10", "N6")
@pytest.mark.parametrize("wait", [0.0, 0.3], ids=["at once", "after a while"])
@pytest.mark.parametrize("program", SEQUENCES)
def test_a_look_between_any_two_calls_loses_nothing_and_copies_nothing(program: str, wait: float) -> None:
    desk = Desk()

    def look(number: int, paths: list[str]) -> None:
        desk.look(paths)
        desk.pass_time(wait)

    play(desk, SEQUENCES[program], look)
    desk.check_peace()


@pytest.mark.hazard("A10", "N6")
@pytest.mark.parametrize("program", SEQUENCES)
def test_a_look_at_everything_after_any_one_call_loses_nothing(program: str) -> None:
    steps = SEQUENCES[program]
    for at in range(len(steps)):
        desk = Desk()

        def look(number: int, paths: list[str], at: int = at, desk: Desk = desk) -> None:
            if number == at:
                desk.solo.feed(ev.Hinted(everything=True))
                desk.solo.accept_all()
                desk.pass_time(0.2)

        play(desk, steps, look)
        desk.check_peace()


@pytest.mark.timeout(300)
@pytest.mark.hazard("A10", "N5")
def test_each_save_once_before_a_real_agent(machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    for number in range(len(SEQUENCES)):
        (anna.root / f"{number}" / DOC).parent.mkdir(parents=True)
        (anna.root / f"{number}" / DOC).write_text(OLD)
    in_sync(anna, bert)
    for number, steps in enumerate(SEQUENCES.values()):
        really(anna.root / f"{number}", steps)
    in_sync(anna, bert)
    assert anna.tree() == bert.tree()
    for number, program in enumerate(SEQUENCES):
        assert (bert.root / f"{number}" / DOC).read_text() == NEW, program
    assert not copies(bert.root)
    told = anna.ask("log", "--limit", "900").stdout
    for number, program in enumerate(SEQUENCES):
        about = [line for line in told.splitlines() if f"{number}/{DOC}: " in line]
        assert not [line for line in about if "delete" in line or "moved" in line], (program, about)


def really(where: Path, steps: list[Step]) -> None:  # noqa: C901 - a table of calls
    """The calls themselves, one after the other."""
    files: dict[str, int] = {}
    for step in steps:
        match step:
            case ("open", path):
                files[path] = os.open(where / path, os.O_RDWR | os.O_CREAT, 0o644)
            case ("truncate", path):
                os.ftruncate(files[path], 0)
            case ("write", path, text):
                os.write(files[path], text.encode())
            case ("close", path):
                os.close(files.pop(path))
            case ("rename", old, new):
                (where / old).rename(where / new)
            case ("swap", one, other):
                RealDisk(str(where)).rename(RelPath(one), RelPath(other), Rename.EXCHANGE)
            case ("unlink", path):
                (where / path).unlink()
            case ("symlink", target, path):
                (where / path).symlink_to(target)
            case ("link", old, new):
                (where / new).hardlink_to(where / old)
            case ("chmod", path, mode):
                (where / path).chmod(int(mode, 8))
            case ("touch", path):
                os.utime(where / path, ns=(1_600_000_000_000_000_000, 1_600_000_000_000_000_000))
            case ("mkdir", path):
                (where / path).mkdir()
            case ("rmdir", path):
                (where / path).rmdir()
            case _:
                assert step == ("think",)
