"""`conflicts`: listed, compared, settled."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from syncagent.agent.places import Places
from tests.cli.conftest import Script

Command = Callable[..., tuple[int, str, str]]

COPY = "docs/a (conflict 2026-11-22 Laptop).txt"
ONE: dict[str, Any] = {
    "path": "docs/a.txt", "copy": COPY, "day": "2026-11-22", "same": False,
    "mine": {"path": COPY, "size": 4, "time": 1_764_000_000.0, "by": "Laptop", "digest": "aa"},
    "theirs": {"path": "docs/a.txt", "size": 6, "time": 1_764_000_000.0, "by": "Desk", "digest": "bb"},
}  # fmt: skip


@pytest.fixture
def root(agent: Script, tmp_path: Path) -> Path:
    root = tmp_path / "folder"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "a.txt").write_text("same\ntheirs\n")
    (root / COPY).write_text("same\nmine")
    agent.status |= {"root": str(root)}
    agent.answers["conflicts"] = {"conflicts": [ONE]}
    return root


def test_they_are_listed_with_both_versions(command: Command, agent: Script, root: Path) -> None:
    code, out, _ = command("conflicts")
    assert code == 0
    assert out.splitlines()[0] == "docs/a.txt"
    assert out.splitlines()[1].endswith(f", by Laptop: {COPY}") and out.splitlines()[1].startswith("  mine   4 B")
    assert json.loads(command("conflicts", "--json")[1]) == {"conflicts": [ONE]}
    agent.answers["conflicts"] = {"conflicts": [ONE | {"theirs": None, "profile": "photos"}]}
    out = command("conflicts")[1]
    assert "[photos] docs/a.txt" in out and "theirs nothing" in out
    agent.answers["conflicts"] = {"conflicts": []}
    assert command("conflicts")[:2] == (0, "no conflicts\n")


def test_they_are_compared_line_by_line(command: Command, root: Path) -> None:
    code, out, _ = command("conflicts", "diff", str(root / "docs" / "a.txt"))
    assert (code, out.splitlines()[-4:]) == (1, [" same", "-theirs", "+mine", "\\ No newline at end of file"])
    found = json.loads(command("conflicts", "diff", str(root / COPY), "--json")[1])
    assert (found["same"], found["copy"]) == (False, COPY)
    (root / COPY).write_bytes(b"\0binary")
    assert "not compared line by line" in command("conflicts", "diff", str(root / COPY))[1]
    (root / COPY).write_text("same\ntheirs\n")
    assert command("conflicts", "diff", str(root / COPY)) == (0, "", "")
    (root / COPY).unlink()
    assert command("conflicts", "diff", str(root / COPY))[0] == 2


def test_what_is_no_conflict_is_said_in_one_line(command: Command, agent: Script, root: Path) -> None:
    code, _, err = command("conflicts", "diff", str(root / "docs" / "b"))
    assert (code, err.count("\n")) == (2, 1)
    agent.answers["conflicts"] = {"conflicts": [ONE, ONE | {"copy": "another"}]}
    code, _, err = command("conflicts", "diff", str(root / "docs" / "a.txt"))
    assert code == 2 and "say which" in err


@pytest.mark.parametrize(("kept", "said"), [
    ("both", "both stay: docs/a.txt, and x"), ("copy", "what it was before is in the trash"),
    ("original", "docs/a.txt stays as it is; the copy is in the trash"),
])  # fmt: skip
def test_they_are_settled(command: Command, agent: Script, root: Path, kept: str, said: str) -> None:
    agent.answers["conflict.keep"] = {"path": "docs/a.txt", "copy": COPY, "kept": kept, "now_at": "x"}
    code, out, _ = command("conflicts", "keep", str(root / COPY), "mine")
    assert (code, said in out) == (0, True)
    assert agent.asked[-1] == ("conflict.keep", {"path": COPY, "keep": "mine"})
    assert json.loads(command("conflicts", "keep", str(root / COPY), "mine", "--json")[1])["kept"] == kept


def test_a_word_that_is_none_is_refused(command: Command, agent: Script, root: Path) -> None:
    code, _, err = command("conflicts", "keep", str(root / COPY), "hers")
    assert (code, err.count("\n")) == (2, 1)
    assert "conflict.keep" not in [one for one, _ in agent.asked]
    assert command("conflicts", "--json", "diff", str(root / COPY))[0] == 2


def test_they_are_merged_in_a_tool_of_ones_own(
    command: Command, agent: Script, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent.answers["conflict.base"] = {"base": None, "why": "nothing is known from which both came"}
    (root / ".syncagent").mkdir()
    monkeypatch.setenv("MERGETOOL", f"{sys.executable} -c pass $MERGED")
    code, out, err = command("conflicts", "merge", str(root / COPY))
    assert (code, out) == (1, "nothing was changed\n") and "only the two versions are compared" in err
    monkeypatch.setenv("MERGETOOL", "/no/such/tool")
    code, _, err = command("conflicts", "merge", str(root / COPY))
    assert (code, err.count("\n")) == (1, 2)
    writes = "import sys;open(sys.argv[1],'w').write('both')"
    monkeypatch.setenv("MERGETOOL", f'{sys.executable} -c "{writes}" $MERGED')
    found = json.loads(command("conflicts", "merge", str(root / COPY), "--json")[1])
    assert (found["merged"], found["by"], found["base"]) == (True, "tool", False)
    assert (root / "docs" / "a.txt").read_text() == "both"


def test_the_tool_that_is_set_opens_also_where_the_folder_is_said_on_the_command_line(
    command: Command, agent: Script, root: Path, spot: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of an agent that was begun by `run --sync-root`: config.toml has no folder then."""
    agent.answers["conflict.base"] = {"base": None, "why": ""}
    (root / ".syncagent").mkdir()
    monkeypatch.setenv("MERGETOOL", "/no/such/tool")
    writes = "import sys;open(sys.argv[1],'w').write('both')"
    spot.config.write_text(f"merge_tool = '''{sys.executable} -c \"{writes}\" $MERGED'''\n")
    assert command("conflicts", "merge", str(root / COPY))[:2] == (0, "docs/a.txt is merged\n")


def test_what_nobody_has_to_decide_is_merged_by_itself(command: Command, agent: Script, root: Path) -> None:
    (root / ".syncagent").mkdir()
    agent.answers["conflict.base"] = {"base": "same\n", "why": ""}
    code, out, _ = command("conflicts", "merge", str(root / COPY), "--auto")
    assert (code, out.splitlines()[-1]) == (
        1, "one place is yours to decide: `syncagent conflicts merge` without --auto; nothing was changed",
    )  # fmt: skip
    (root / COPY).write_text("more\nsame\n")
    code, out, err = command("conflicts", "merge", str(root / COPY))
    assert (code, out, err) == (0, "docs/a.txt is merged: the changes of both are in it\n", "")
    assert agent.asked[-1] == ("conflict.base", {"path": COPY})
    assert (root / "docs" / "a.txt").read_text() == "more\nsame\ntheirs\n"


def test_markers_are_taken_only_by_those_who_say_so(command: Command, agent: Script, root: Path) -> None:
    (root / ".syncagent").mkdir()
    agent.answers["conflict.base"] = {"base": "same\n", "why": ""}
    code, out, _ = command("conflicts", "merge", str(root / COPY), "--auto", "--as-it-is")
    assert (code, out) == (0, "docs/a.txt is merged, with markers in it\n")
    assert "||||||| what both came from" in (root / "docs" / "a.txt").read_text()
    assert command("conflicts", "merge", str(root / COPY), "--auto", "--open")[0] == 2


def test_what_is_no_text_is_refused_in_a_line_and_nobody_is_asked(command: Command, agent: Script, root: Path) -> None:
    (root / COPY).write_bytes(b"\0binary")
    code, _, err = command("conflicts", "merge", str(root / COPY))
    assert (code, err.count("\n")) == (2, 1) and "is no text that could be merged" in err
    assert "conflict.base" not in [one for one, _ in agent.asked]
