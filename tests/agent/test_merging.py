"""Two versions become one, and neither is lost by it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from syncagent.agent.comparing import version
from syncagent.agent.merging import called, merge, tool_in, united
from syncagent.errors import NotAsked, SyncAgentError, TryAgain
from syncagent.model.names import RelPath

NAME = RelPath("d/a.txt")
COPY = RelPath("d/a (conflict 2026-11-22 Laptop).txt")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for folder in (".syncagent", "d"):
        (root / folder).mkdir(parents=True)
    (root / NAME).write_text("same\ntheirs\nend\n")
    (root / COPY).write_text("same\nmine\nend\n")
    return root


def tool(text: str) -> str:
    return shlex.join([sys.executable, "-c", f"import pathlib, sys; merged = pathlib.Path(sys.argv[1]); {text}"]) + (
        " $MERGED"
    )


def kept(root: Path) -> list[str]:
    return sorted(path.read_text() for path in (root / ".syncagent" / "trash").iterdir())


def test_what_is_the_same_stays_and_each_difference_is_between_markers(root: Path) -> None:
    there, aside = version(root, NAME), version(root, COPY)
    assert united(there, aside) == f"same\n<<<<<<< {NAME}\ntheirs\n=======\nmine\n>>>>>>> {COPY}\nend\n"
    (root / COPY).write_text("same\nmine")
    assert "mine\n>>>>>>>" in united(there, version(root, COPY))
    (root / COPY).write_bytes(b"\0")
    with pytest.raises(NotAsked, match="no text"):
        united(there, version(root, COPY))


def test_what_the_tool_made_takes_the_place_and_both_versions_are_kept(root: Path) -> None:
    assert merge(root, NAME, COPY, tool("merged.write_text('both')"), [])
    assert [path.name for path in (root / "d").iterdir()] == ["a.txt"]
    assert (root / NAME).read_text() == "both"
    assert kept(root) == ["same\nmine\nend\n", "same\ntheirs\nend\n"]


def test_without_a_tool_it_is_the_editor(root: Path) -> None:
    assert merge(root, NAME, COPY, "", [sys.executable, "-c", "import sys; open(sys.argv[1], 'w').write('edited')"])
    assert (root / NAME).read_text() == "edited"


@pytest.mark.parametrize(("text", "said"), [
    ("sys.exit(1)", "ended with 1"), ("merged.write_text(merged.read_text() + 'x')", "markers left"),
    ("merged.unlink()", "nothing was changed"),
])  # fmt: skip
def test_what_is_not_done_changes_nothing(root: Path, text: str, said: str) -> None:
    with pytest.raises(SyncAgentError, match=said):
        merge(root, NAME, COPY, tool(text), [])
    assert not merge(root, NAME, COPY, tool("pass"), [])
    assert (root / NAME).read_text() == "same\ntheirs\nend\n"
    assert (root / COPY).read_text() == "same\nmine\nend\n"


@pytest.mark.parametrize("edited", [NAME, COPY])
def test_what_is_changed_while_the_tool_is_open_is_not_overwritten(root: Path, edited: RelPath) -> None:
    late = f"merged.write_text('both'); pathlib.Path({str(root / edited)!r}).write_text('later')"
    with pytest.raises(TryAgain, match="what was merged is in ") as caught:
        merge(root, NAME, COPY, tool(late), [])
    assert (root / edited).read_text() == "later"
    assert Path(str(caught.value).rpartition("is in ")[2]).read_text() == "both"


def test_whose_tool_it_is(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "merge.tool")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "mine")
    monkeypatch.setenv("GIT_CONFIG_KEY_1", "mergetool.mine.cmd")
    monkeypatch.setenv("GIT_CONFIG_VALUE_1", "my-tool $MERGED")
    assert tool_in("meld", {"MERGETOOL": "kdiff3"}, root) == "meld"
    assert tool_in("", {"MERGETOOL": "kdiff3"}, root) == "kdiff3"
    assert tool_in("", {}, root) == "my-tool $MERGED"


def test_how_a_tool_is_called() -> None:
    places = {word: Path(f"/t/{word} x") for word in ("LOCAL", "REMOTE", "BASE", "MERGED")}
    assert called("meld", places) == ["meld", "/t/LOCAL x", "/t/MERGED x", "/t/REMOTE x"]
    assert called('own --out=$MERGED "${BASE}"', places) == ["own", "--out=/t/MERGED x", "/t/BASE x"]
    assert called("unheard-of", places) == ["unheard-of", "/t/LOCAL x", "/t/MERGED x", "/t/REMOTE x"]
    with pytest.raises(SyncAgentError, match="no command"):
        called("a 'b", places)
