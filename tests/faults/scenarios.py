"""What goes on while a process dies, the power fails or a disk answers with errors.

Each scenario begins with two machines that have the same (``base``).  Then, while nothing runs, one of them is changed
(``here`` at the victim, ``there`` at the other one, which sends it); then the victim runs, and it happens.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LARGE = 6 << 20
MIDDLING = 1_500_000
"""Several blocks: some are files of their own at the hub, some are kept with its rows."""


def nothing(root: Path) -> None:
    """It is left as it is."""


@dataclass(frozen=True)
class Scenario:
    """``victim`` is the agent or the hub."""

    name: str
    victim: str
    base: Callable[[Path], None] = nothing
    there: Callable[[Path], None] = nothing
    here: Callable[[Path], None] = nothing
    third: Callable[[Path], None] | None = None
    """What another machine sends at the same time."""
    copies: int = 0
    """So many conflict copies come of it."""

    @property
    def ports(self) -> tuple[str, ...]:
        """Those that are met; a scenario that misses one tries less than it says."""
        return ("disk", "db") if self.victim == "agent" else ("blocks", "db")


def put(root: Path, path: str, seed: int, size: int = 900) -> None:
    """A file with content of its own."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(random.Random(f"{path} {seed}").randbytes(size))


def some_files(root: Path) -> None:
    for number in range(6):
        put(root, f"letters/{number}.txt", 1)
    put(root, "a", 1)
    put(root, "b", 1)
    put(root, "notes.md", 1, 5000)
    put(root, "photos/one.jpg", 1, 90_000)
    (root / "empty").mkdir()


def many_new(root: Path) -> None:
    for number in range(12):
        put(root, f"new/{number}.txt", 2)
    put(root, "new/deeper/one", 2, 0)
    put(root, "run.sh", 2)
    (root / "run.sh").chmod(0o755)
    os.symlink("new/deeper", root / "link")


def a_new_folder(root: Path) -> None:
    for number in range(4):
        put(root, f"new/{number}.txt", 2)
    put(root, "run.sh", 2)
    (root / "run.sh").chmod(0o755)
    os.symlink("new", root / "link")


def edits(root: Path) -> None:
    for path in ("a", "letters/0.txt", "letters/3.txt"):
        put(root, path, 3, 1200)
    put(root, "notes.md", 3, 100)
    put(root, "photos/one.jpg", 3, 120_000)
    (root / "b").chmod(0o755)


def a_large_file(root: Path) -> None:
    put(root, "film.bin", 4, LARGE)


def a_middling_file(root: Path) -> None:
    put(root, "song.bin", 4, MIDDLING)


def edit_of_a_large_file(root: Path) -> None:
    with (root / "film.bin").open("r+b") as film:
        film.seek(LARGE // 2)
        film.write(random.Random(5).randbytes(300_000))


def moves(root: Path) -> None:
    (root / "a").rename(root / "aside")
    (root / "b").rename(root / "a")
    (root / "aside").rename(root / "b")
    (root / "letters").rename(root / "post")
    (root / "post/0.txt").rename(root / "empty/zero")
    (root / "photos/one.jpg").unlink()
    (root / "photos").rmdir()


def deletes(root: Path) -> None:
    for number in range(4):
        (root / f"letters/{number}.txt").unlink()
    (root / "photos/one.jpg").unlink()
    (root / "photos").rmdir()
    (root / "empty").rmdir()
    (root / "notes.md").rename(root / "letters/notes.md")


def two_archives(root: Path) -> None:
    """One that will go as a whole, and one that is larger, so that nobody is asked about that."""
    for number in range(9):
        put(root, f"archive/letters/{number}.txt", 12)
        put(root, f"archive/photos/{number}.jpg", 12)
        put(root, f"kept/{number}", 12)
        put(root, f"kept/more/{number}", 12)
        put(root, f"kept/and more/{number}", 12)
    (root / "archive/empty").mkdir()
    os.symlink("letters", root / "archive/link")


def without_an_archive(root: Path) -> None:
    shutil.rmtree(root / "archive")


def something_in_the_archive(root: Path) -> None:
    put(root, "archive/photos/3.jpg", 13)
    put(root, "archive/new/letter", 13)


def other_types(root: Path) -> None:
    (root / "a").unlink()
    put(root, "a/inner", 6)
    (root / "photos/one.jpg").unlink()
    (root / "photos").rmdir()
    put(root, "photos", 6)
    (root / "b").unlink()
    os.symlink("a", root / "b")


def edits_of_the_same(root: Path) -> None:
    put(root, "a", 7, 700)
    put(root, "notes.md", 7, 1700)
    put(root, "c", 7, 10)


def other_edits_of_the_same(root: Path) -> None:
    put(root, "a", 8, 800)
    put(root, "notes.md", 8, 1800)
    put(root, "c", 8, 20)


def base_with_film(root: Path) -> None:
    some_files(root)
    a_large_file(root)


def half_the_same(root: Path) -> None:
    some_files(root)
    (root / "letters/5.txt").unlink()
    put(root, "letters/only here", 9)


def all_sorts(root: Path) -> None:
    """Something of everything: each call that there is is made for it."""
    many_new(root)
    edits(root)
    a_middling_file(root)
    for number in (1, 2):
        (root / f"letters/{number}.txt").unlink()
    (root / "empty").rmdir()
    (root / "letters/4.txt").rename(root / "four")


def a_few_of_mine(root: Path) -> None:
    put(root, "mine/one", 11)
    put(root, "mine/large", 11, 200_000)
    os.symlink("one", root / "mine/link")


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("receives-new", "agent", some_files, there=a_new_folder),
        Scenario("receives-many", "agent", some_files, there=many_new),
        Scenario("receives-edits", "agent", some_files, there=edits),
        Scenario("receives-large", "agent", some_files, there=a_large_file),
        Scenario("receives-large-edit", "agent", base_with_film, there=edit_of_a_large_file),
        Scenario("receives-moves", "agent", some_files, there=moves),
        Scenario("receives-deletes", "agent", some_files, there=deletes),
        Scenario("receives-whole-delete", "agent", two_archives, there=without_an_archive),
        Scenario(
            "whole-delete-of-what-was-edited",
            "agent",
            two_archives,
            there=without_an_archive,
            here=something_in_the_archive,
        ),
        Scenario("receives-other-types", "agent", some_files, there=other_types),
        Scenario("conflict", "agent", some_files, there=edits_of_the_same, here=other_edits_of_the_same, copies=3),
        Scenario("first-start", "agent", there=some_files, here=half_the_same),
        Scenario("sends-many", "agent", some_files, here=many_new),
        Scenario("sends-large", "agent", some_files, here=a_large_file),
        Scenario("sends-moves", "agent", some_files, here=moves),
        Scenario("sends-deletes", "agent", some_files, here=deletes),
        Scenario("sends-whole-delete", "agent", two_archives, here=without_an_archive),
        Scenario("hub-takes-whole-delete", "hub", two_archives, here=without_an_archive),
        Scenario("hub-takes-small", "hub", some_files, here=many_new),
        Scenario("hub-takes-large", "hub", some_files, here=a_middling_file),
        Scenario("all-sorts", "agent", some_files, there=all_sorts, here=a_few_of_mine),
        Scenario("hub-all-sorts", "hub", some_files, here=all_sorts),
        Scenario("hub-of-two", "hub", some_files, here=edits, third=many_new),
        Scenario("hub-first-start", "hub", here=some_files),
    )
}
