"""Two versions become one, and neither is lost by it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from syncagent.agent.merging import Done, Pair, Wish, called, merge, pair, tool_in
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


def both(root: Path, base: str | None = None) -> Pair:
    return pair(root, NAME, COPY, base, ours=True)


def done(root: Path, with_tool: str = "", base: str | None = None, editor: tuple[str, ...] = (), **wish: bool) -> Done:
    return merge(root, both(root, base), with_tool, editor, Wish(**wish))


def kept(root: Path) -> list[str]:
    return sorted(path.read_text() for path in (root / ".syncagent" / "trash").iterdir())


def test_what_is_the_same_stays_and_each_difference_is_between_markers(root: Path) -> None:
    assert both(root).united().text == f"same\n<<<<<<< {NAME}\ntheirs\n=======\nmine\n>>>>>>> {COPY}\nend\n"
    (root / COPY).write_text("same\nmine")
    assert "mine\n>>>>>>>" in both(root).united().text
    (root / COPY).write_bytes(b"\0")
    with pytest.raises(NotAsked, match="no text"):
        both(root).united()


def test_what_the_tool_made_takes_the_place_and_both_versions_are_kept(root: Path) -> None:
    assert done(root, tool("merged.write_text('both')")) is Done.TOOL
    assert [path.name for path in (root / "d").iterdir()] == ["a.txt"]
    assert (root / NAME).read_text() == "both"
    assert kept(root) == ["same\nmine\nend\n", "same\ntheirs\nend\n"]


def test_without_a_tool_it_is_the_editor(root: Path) -> None:
    done(root, editor=(sys.executable, "-c", "import sys; open(sys.argv[1], 'w').write('edited')"))
    assert (root / NAME).read_text() == "edited"


@pytest.mark.parametrize(("text", "said"), [
    ("sys.exit(1)", "ended with 1"), ("merged.write_text(merged.read_text() + 'x')", "markers left"),
    ("merged.unlink()", "nothing was changed"),
])  # fmt: skip
def test_what_is_not_done_changes_nothing(root: Path, text: str, said: str) -> None:
    with pytest.raises(SyncAgentError, match=said):
        done(root, tool(text))
    assert done(root, tool("pass")) is Done.NOTHING
    assert (root / NAME).read_text() == "same\ntheirs\nend\n"
    assert (root / COPY).read_text() == "same\nmine\nend\n"


@pytest.mark.parametrize("edited", [NAME, COPY])
def test_what_is_changed_while_the_tool_is_open_is_not_overwritten(root: Path, edited: RelPath) -> None:
    late = f"merged.write_text('both'); pathlib.Path({str(root / edited)!r}).write_text('later')"
    with pytest.raises(TryAgain, match="what was merged is in ") as caught:
        done(root, tool(late))
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


BASE = "same\nwas\nend\n"


def test_where_each_changed_other_lines_the_changes_of_both_are_taken_and_nothing_is_opened(root: Path) -> None:
    (root / NAME).write_text("same\nwas\nend\ntheirs\n")
    assert done(root, tool("sys.exit(1)"), BASE) is Done.ITSELF
    assert (root / NAME).read_text() == "same\nmine\nend\ntheirs\n"
    assert kept(root) == ["same\nmine\nend\n", "same\nwas\nend\ntheirs\n"]


def test_where_both_changed_the_same_lines_the_person_decides(root: Path) -> None:
    assert both(root, BASE).united().text == (
        f"same\n<<<<<<< mine: {COPY}\nmine\n||||||| what both came from\nwas\n=======\ntheirs\n"
        f">>>>>>> theirs: {NAME}\nend\n"
    )
    assert done(root, tool("sys.exit(1)"), BASE, closed=True) is Done.NOTHING
    assert done(root, tool("merged.write_text('both')"), BASE) is Done.TOOL
    assert (root / NAME).read_text() == "both"


def test_with_markers_in_it_it_is_taken_only_when_that_is_wanted(root: Path) -> None:
    with pytest.raises(NotAsked, match="markers left"):
        done(root, tool("merged.write_text(merged.read_text() + 'x')"), BASE)
    assert done(root, "", BASE, closed=True, as_it_is=True) is Done.MARKERS
    assert "<<<<<<< mine" in (root / NAME).read_text()


def test_a_tool_that_was_asked_for_is_opened_with_what_nobody_has_to_decide(root: Path) -> None:
    (root / NAME).write_text("same\nwas\nend\ntheirs\n")
    assert done(root, tool("pass"), BASE, opens=True) is Done.NOTHING, "closed without a word"
    assert done(root, tool("merged.write_bytes(merged.read_bytes() + b'and I')"), BASE, opens=True) is Done.TOOL
    assert (root / NAME).read_text() == "same\nmine\nend\ntheirs\nand I"


def test_a_tool_gets_what_both_came_from_and_whose_is_whose(root: Path) -> None:
    words = "[pathlib.Path(one).read_text() for one in sys.argv[2:]]"
    command = tool(f"merged.write_text('|'.join({words}))") + " $BASE $MINE $THEIRS"
    assert done(root, command.replace(" $MERGED", " $RESULT"), BASE) is Done.TOOL
    assert (root / NAME).read_text() == f"{BASE}|same\nmine\nend\n|same\ntheirs\nend\n"


def test_how_a_tool_is_called() -> None:
    places = {word: Path(f"/t/{word} x") for word in ("LOCAL", "REMOTE", "BASE", "MINE", "THEIRS", "MERGED", "RESULT")}
    assert called("meld", places) == ["meld", "/t/MINE x", "/t/RESULT x", "/t/THEIRS x"]
    assert called("meld", places, three=True) == [
        "meld", "--output", "/t/RESULT x", "/t/MINE x", "/t/BASE x", "/t/THEIRS x",
    ]  # fmt: skip
    assert called("vscode", places, three=True) == [
        "code", "--wait", "--merge", "/t/MINE x", "/t/THEIRS x", "/t/BASE x", "/t/RESULT x",
    ]  # fmt: skip
    assert called('own --out=$MERGED "${BASE}"', places) == ["own", "--out=/t/MERGED x", "/t/BASE x"]
    assert called("unheard-of", places) == ["unheard-of", "/t/MINE x", "/t/RESULT x", "/t/THEIRS x"]
    with pytest.raises(SyncAgentError, match="no command"):
        called("a 'b", places)
