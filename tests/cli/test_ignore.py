"""`check-ignore`, `exclude` and `include`, with and without a running agent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from syncagent.agent.founding import set_up
from syncagent.agent.places import Places
from tests.cli.conftest import Script, running

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def root(spot: Places, tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    set_up(spot, folder, None, "Laptop")
    folder.mkdir(exist_ok=True)
    (folder / ".syncignore").write_text("*.o\n!keep.o\n")
    return folder


def test_check_ignore_answers_as_git_does(command: Command, root: Path) -> None:
    assert command("check-ignore", "a.o", "b", "keep.o") == (0, "a.o\n", "")
    assert command("check-ignore", "b", "keep.o") == (1, "", "")
    assert command("check-ignore", "-v", "a.o", "keep.o", "b", "~$x") == (
        0, ".syncignore:1:*.o\ta.o\n.syncignore:2:!keep.o\tkeep.o\nbuilt-in:3:~$*\t~$x\n", "",
    )  # fmt: skip
    code, out, _ = command("check-ignore", "--json", "a.o", "b")
    assert (code, [json.loads(line) for line in out.splitlines()]) == (0, [
        {"path": "a.o", "ignored": True, "rule": {"file": ".syncignore", "line": 1, "pattern": "*.o"}},
        {"path": "b", "ignored": False, "rule": None},
    ])  # fmt: skip
    code, out, err = command("check-ignore", "/elsewhere")
    assert (code, out) == (2, "") and "is not in" in err


def test_exclude_and_include_while_no_agent_runs(command: Command, root: Path) -> None:
    assert command("exclude", "--list") == (0, "nothing is excluded\n", "")
    assert command("exclude", "photos")[:2] == (0, "excluded: photos, from the next start of the agent on\n")
    assert command("exclude", "--list") == (0, "photos\n", "")
    assert json.loads(command("exclude", "--list", "--json")[1]) == {"excluded": [{"path": "photos", "files": None}]}
    code, _, err = command("exclude", "photos/2026")
    assert (code, err.count("\n")) == (2, 1) and "excluded already, with photos" in err
    assert command("include", "photos")[:2] == (0, "included: photos, from the next start of the agent on\n")
    assert command("include", "photos")[0] == 2
    assert command("exclude")[0] == command("exclude", "x", "--list")[0] == 2
    assert "as a whole" in command("exclude", str(root))[2]


def test_the_running_agent_is_asked(command: Command, root: Path, spot: Places) -> None:
    script = Script()
    script.status |= {"root": str(root)}
    script.answers = {
        "exclude": {"path": "photos", "concerned": 5}, "include": {"path": "photos", "concerned": 0},
        "excluded": {"excluded": [{"path": "photos", "files": 3}]},
    }  # fmt: skip
    with running(spot, script):
        code, out, _ = command("exclude", "photos")
        assert (code, out) == (0, "excluded: photos, with 5 files and folders; `syncagent wait` says when it is done\n")
        script.answers["exclude"]["concerned"] = 1
        assert "photos, with 1 file or folder; " in command("exclude", "photos")[1]
        assert command("exclude", "--list")[1] == "photos  (3 files at the hub)\n"
        assert command("include", "photos")[1] == "included: photos\n"
    assert [one for one in script.asked if one[0] != "status"] == [
        ("exclude", {"path": "photos"}), ("exclude", {"path": "photos"}), ("excluded", {}),
        ("include", {"path": "photos"}),
    ]  # fmt: skip
