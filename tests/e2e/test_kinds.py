"""All kinds of things that a folder can hold: each is the same on the other side, or is listed with its reason."""

from __future__ import annotations

import os
import shutil
import socket
import unicodedata
from pathlib import Path

import pytest

from tests.e2e.machines import HubProcess, Machine, copies, in_sync, tree

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

NAMES = [
    "日本語", "Ελληνικά", "кириллица", "עברית", "العربية", "हिन्दी", "ไทย", "emoji 👩\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈",
    "x" * 255, "é" * 127, "👍" * 63, " leading", "trailing ", "dots...", "CON", "-rf", "~tilde", "%41", "#hash", " ",
    ".hidden", "..x", "a'b\"c", "$HOME", "*", "?", "<>|",
]  # fmt: skip
SKIPPED = {
    "pipe": "it is a pipe", "sock": "it is a socket",
    "line\nbreak": "the name 'line\\nbreak' has '\\n' at position 5, which no name may have",
    "bad\\xff": "its name is not valid UTF-8",
}  # fmt: skip


def fill(root: Path) -> None:
    root.mkdir(exist_ok=True)
    (root / "empty").touch()
    (root / "folder" / "inner").mkdir(parents=True)
    (root / "run.sh").write_text("echo")
    (root / "run.sh").chmod(0o755)
    (root / "old").write_text("old")
    os.utime(root / "old", ns=(1_000_000_000_123_456_789, 1_000_000_000_123_456_789))
    for name, target in {
        "dangling": "nowhere",
        "to folder": "folder",
        "absolute": "/etc/hosts",
        "self": "self",
    }.items():
        (root / name).symlink_to(target)
    for name in NAMES:
        (root / name).write_text(name)


def times(root: Path) -> dict[str, int]:
    return {path: os.lstat(root / path).st_mtime_ns for path, what in tree(root).items() if what.startswith("file")}


@pytest.mark.hazard("A16", "C6", "C9")
def test_all_kinds_cross_live_and_with_one_side_stopped(machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    fill(anna.root / "live")
    in_sync(anna, bert)
    bert.terminate()
    fill(bert.root / "offline")
    bert.start()
    in_sync(bert, anna)
    assert anna.tree() == bert.tree()
    assert len(anna.tree()) == 2 * (len(NAMES) + 10)
    assert times(anna.root) == times(bert.root)
    assert anna.status()["skipped"] == bert.status()["skipped"] == []


@pytest.mark.hazard("C4")
def test_a_name_keeps_its_spelling_where_it_was_made_and_is_composed_elsewhere(
    machines: tuple[Machine, Machine],
) -> None:
    anna, bert = machines
    apart, composed = unicodedata.normalize("NFD", "é"), unicodedata.normalize("NFC", "é")
    (anna.root / apart).mkdir()
    (anna.root / apart / "in").write_text("1")
    in_sync(anna, bert)
    assert sorted(bert.tree()) == [composed, f"{composed}/in"]
    (bert.root / composed / "in").write_text("from there")
    in_sync(bert, anna)
    assert sorted(anna.tree()) == [apart, f"{apart}/in"]
    assert (anna.root / apart / "in").read_text() == "from there"


@pytest.mark.hazard("A15", "C7", "C9", "N19")
def test_what_cannot_be_kept_is_listed_with_its_reason_and_the_rest_goes_on(machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    os.mkfifo(anna.root / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(anna.root)  # the address of a socket has room for a short path only
        listener.bind("sock")
        os.chdir(here)
    (anna.root / "line\nbreak").write_text("x")
    Path(os.fsdecode(os.fsencode(anna.root) + b"/bad\xff")).touch()
    (anna.root / "good").write_text("good")
    in_sync(anna, bert)
    assert {row["path"]: row["reason"] for row in anna.status()["skipped"]} == SKIPPED
    shown = anna.ask("status").stdout
    assert "skipped: 4\n" in shown
    assert "    line\\nbreak: the name" in shown, "a name makes no line of its own"
    assert list(bert.tree()) == ["good"]


def test_a_renamed_folder_is_one_change_however_much_is_in_it(machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    (anna.root / "many").mkdir()
    for number in range(1000):
        (anna.root / "many" / str(number)).write_text(str(number))
    in_sync(anna, bert)
    before = anna.status()["hub_seq"]
    (anna.root / "many").rename(anna.root / "live")
    in_sync(anna, bert)
    anna.terminate()
    (anna.root / "live").rename(anna.root / "offline")
    anna.start()
    in_sync(anna, bert)
    assert anna.status()["hub_seq"] == before + 2
    assert bert.tree() == anna.tree()
    log = bert.ask("log").stdout
    assert "live: moved here, from many\n" in log
    assert "offline: moved here, from live\n" in log


@pytest.mark.hazard("A9")
@pytest.mark.parametrize("offline", [False, True])
def test_a_thing_becomes_one_of_another_kind(machines: tuple[Machine, Machine], offline: bool) -> None:
    anna, bert = machines
    for name in ("file to folder", "file to link"):
        (anna.root / name).write_text("file")
    for name in ("link to file", "link to folder"):
        (anna.root / name).symlink_to("target")
    for name in ("folder to file", "folder to link"):
        (anna.root / name).mkdir()
        (anna.root / name / "in").write_text("in")
    in_sync(anna, bert)
    if offline:
        anna.terminate()
    for path in list(anna.root.iterdir()):
        if path.name == ".syncagent":
            continue
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        match path.name.rpartition(" ")[2]:
            case "file":
                path.write_text("now a file")
            case "link":
                path.symlink_to("elsewhere")
            case _:
                path.mkdir()
                (path / "inside").write_text("now a folder")
    wanted = anna.tree()
    if offline:
        anna.start()
    in_sync(anna, bert)
    assert anna.tree() == bert.tree() == wanted


@pytest.mark.hazard("B2", "D1", "D4")
def test_what_both_changed_while_apart_is_kept_on_both(machines: tuple[Machine, Machine], hub: HubProcess) -> None:
    anna, bert = machines
    (anna.root / "report.docx").write_text("first")
    (anna.root / "deleted and edited").write_text("first")
    in_sync(anna, bert)
    anna.terminate()
    bert.terminate()
    (anna.root / "report.docx").write_text("by anna")
    (bert.root / "report.docx").write_text("by bert")
    (anna.root / "deleted and edited").unlink()
    (bert.root / "deleted and edited").write_text("edited")
    anna.start()
    anna.wait()
    bert.start()
    in_sync(bert, anna)
    assert anna.tree() == bert.tree()
    [copy] = copies(anna.root)
    assert copy.startswith("report (conflict 20")
    assert copy.endswith(" bert).docx")
    assert (anna.root / copy).read_text() == "by bert"
    assert (anna.root / "report.docx").read_text() == "by anna"
    assert (anna.root / "deleted and edited").read_text() == "edited"
    assert (
        f"report.docx: changed on two machines at once; this machine's version is now {copy}" in bert.ask("log").stdout
    )
