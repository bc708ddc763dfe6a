"""What is left out where: layers of rules, against the real git."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncagent.model.names import RelPath
from syncagent.rules.layers import BUILT_IN, Hit, Layers, hit, met_by_built_in, rule_file, within
from syncagent.rules.layers import ignored as says

NAMES = ["a", "b", "ab", "build", "x.o", "a.log", "[a]", "a b", "-", "!a", "#b", "aB", "b "]
PIECES = [
    "a", "b", "*", "**", "/", "/", "?", "[ab]", "[!a]", "[^b]", "[a-c]", "[c-a]", "\\", "build", ".o", ".log", "ab",
    "!", "#", " ", "[[:alpha:]]", "[]a]", "[a", "[-a]", "[[:nope:]]", "x", "-", "***", "[a\\]b]", "*.*", "B",
]  # fmt: skip


TREES = int(os.environ.get("SYNCAGENT_RULES_TREES", "60"))


def below(layers: Layers, files: dict[str, bytes], path: str, is_folder: bool) -> Hit | None:
    """The word on a path, asked from the top down."""
    parts = path.split("/")
    for depth in range(len(parts)):
        folder = "/".join(parts[:depth])
        if folder in files:
            layers = within(layers, RelPath(folder), [(".gitignore", rule_file(files[folder]))])
        here, last = "/".join(parts[: depth + 1]), depth == len(parts) - 1
        found = hit(layers, RelPath(here), parts[depth], is_folder or not last)
        if last or (found is not None and found.ignores):
            return found
    raise AssertionError


def made(chance: random.Random, where: Path) -> Iterator[tuple[str, bool]]:
    """A small tree of folders and files; gives their paths, and which are folders."""
    folders = [""]
    for _ in range(chance.randint(1, 5)):
        path = f"{chance.choice(folders)}/{chance.choice(NAMES)}".lstrip("/")
        if not (where / path).exists():
            (where / path).mkdir()
            folders.append(path)
            yield path, True
    for folder in folders:
        for name in chance.sample(NAMES, 4):
            path = f"{folder}/{name}".lstrip("/")
            if not (where / path).exists():
                (where / path).touch()
                yield path, False


def line(chance: random.Random) -> str:
    """A line that someone might write, or one that nobody would."""
    if chance.random() < 0.5:
        parts = [chance.choice([*NAMES, "*", "**", "*.o", "a*", "?", "*b"]) for _ in range(chance.randint(1, 3))]
        return "".join(
            (chance.choice(["", "", "!"]), chance.choice(["", "", "/"]), "/".join(parts), chance.choice(["", "/"]))
        )
    return "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 6)))


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.hazard("C10")
def test_every_verdict_is_that_of_git(tmp_path: Path) -> None:
    chance = random.Random(int(os.environ.get("SYNCAGENT_RULES_SEED", "5")))
    where = tmp_path
    subprocess.run(["git", "init", "-q", where], check=True)
    for _ in range(TREES):
        for old in where.iterdir():
            if old.name != ".git":
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        paths = list(made(chance, where))
        files = {}
        for folder in ["", *(path for path, is_folder in paths if is_folder)]:
            if not folder or chance.random() < 0.5:
                files[folder] = "\n".join(line(chance) for _ in range(chance.randint(1, 5))).encode() + b"\n"
                (where / folder / ".gitignore").write_bytes(files[folder])
        asked = b"".join(f"{path}\0".encode() for path, _ in paths)
        told = subprocess.run(
            ["git", "-c", "core.excludesFile=/dev/null", "check-ignore", "--no-index", "-v", "-n", "-z", "--stdin"],
            cwd=where, input=asked, capture_output=True, check=False,
        )  # fmt: skip
        fields = told.stdout.decode().split("\0")[:-1]
        said = {fields[at + 3]: fields[at : at + 3] for at in range(0, len(fields), 4)}
        for path, is_folder in paths:
            found = below((), files, path, is_folder)
            ours = ["", "", ""] if found is None else [found.source, str(found.pattern.line), found.pattern.text]
            assert ours == said[path], (path, is_folder, files)


def test_what_is_certainly_nobodys_document_is_left_out_unless_a_rule_keeps_it() -> None:
    def ignored(layers: Layers, path: str, is_folder: bool = False) -> bool:
        return says(layers, RelPath(path), path.rpartition("/")[2], is_folder)

    out = [
        ".~lock.report.odt#", "~$report.docx", ".DS_Store", "film.mkv.crdownload", "a/b.part", ".fuse_hidden0001",
        "Thumbs.db",
        ".nfs000000000012345600000001", ".report.txt.swp", ".goutputstream-AB12CD", ".#notes.org",
        "x.pdf.sb-a1b2c3d4-XyZ012",
    ]  # fmt: skip
    assert [path for path in out if not ignored(BUILT_IN, path)] == []
    assert ignored(BUILT_IN, ".Trash-1000", is_folder=True)
    kept = [
        "report.odt",
        "a.tmp",
        "notes~",
        "core",
        ".nfs",
        "part",
        "#notes#",
        "lock",
        "x.log",
        ".gitignore",
        ".syncignore",
    ]
    assert [path for path in kept if ignored(BUILT_IN, path)] == []
    asked_for = within(BUILT_IN, RelPath(""), [(".syncignore", rule_file(b"!*.part\n"))])
    assert not ignored(asked_for, "a.part")
    assert ignored(asked_for, "~$a.docx")


def test_what_stands_deeper_has_the_last_word_and_of_two_files_in_a_folder_the_last() -> None:
    top = within((), RelPath(""), [(".gitignore", rule_file(b"*.log\n/a\n")), (".syncignore", rule_file(b"!a\n"))])
    inner = within(top, RelPath("d"), [(".syncignore", rule_file(b"!keep.log\n"))])
    assert str(hit(top, RelPath("x.log"), "x.log", False)) == ".gitignore:1:*.log"
    assert str(hit(inner, RelPath("d/keep.log"), "keep.log", False)) == "d/.syncignore:1:!keep.log"
    assert str(hit(inner, RelPath("d/x.log"), "x.log", False)) == ".gitignore:1:*.log"
    found = hit(top, RelPath("a"), "a", False)
    assert found is not None and not found.ignores


def test_a_file_without_patterns_changes_nothing() -> None:
    assert within(BUILT_IN, RelPath("d"), [(".syncignore", rule_file(b"# nothing\n\n"))]) is BUILT_IN


def test_whether_a_built_in_rule_may_meet_a_name_is_known_by_the_name_alone() -> None:
    assert met_by_built_in(".DS_Store") and met_by_built_in("save.part")
    assert not met_by_built_in("report.docx") and not met_by_built_in("part")
