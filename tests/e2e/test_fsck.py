"""A hub whose disk has lost blocks: found out, healed by the agents that have the files, and nothing deleted for it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import World, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
LARGE = "".join(f"line {number} of a large file\n" for number in range(20_000))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.start_hub()
    yield made
    made.end()


def fsck(hub: Path) -> tuple[int, dict[str, Any]]:
    line = [sys.executable, "-m", "syncagent", "hub", "fsck", "--data-dir", str(hub), "--json"]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=120)
    return ended.returncode, json.loads(ended.stdout)


@pytest.mark.hazard("E8", "N2", "N9", "N10", "N12")
def test_blocks_that_were_lost_come_back_from_who_has_them(world: World, tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    anna = world.agent("anna")
    for name, text in {"docs/large.txt": LARGE, "docs/long.txt": LARGE[::-1]}.items():
        anna.write(name, text)
        anna.wait()  # blocks that come together lie in one file
    anna.write("docs/small.txt", "small")
    anna.write("other.txt", "other")
    anna.wait()
    assert fsck(hub)[0] == 0
    before = anna.status()["hub_seq"]
    anna.end()
    world.hub.end()

    gone, flipped = sorted(path for path in (hub / "blocks").rglob("*") if path.is_file())
    gone.unlink()
    flipped.write_bytes(b"X" + flipped.read_bytes()[1:])
    with closing(sqlite3.connect(hub / "hub.db")) as database, database:
        database.execute("UPDATE block SET bytes = ? WHERE bytes = ?", (b"smell", b"small"))
    code, report = fsck(hub)
    assert code == 1
    kinds = Counter(one["kind"] for one in report["findings"])
    assert kinds["file"] == 3
    assert kinds["block"] > 3, "one that was changed, one in the database, and all of the file that is gone"
    assert kinds.keys() == {"file", "block"}

    world.start_hub()
    bert = world.agent("bert")
    until((bert.root / "other.txt").exists, 60, bert.said)
    for name in ("large.txt", "long.txt"):
        assert not (bert.root / "docs" / name).exists(), "wrong bytes are never served"
    anna.start()
    until(lambda: fsck(hub)[0] == 0, 60, lambda: f"it is not healed: {fsck(hub)[1]}")
    tree = world.settle()
    texts = {"docs/large.txt": LARGE, "docs/long.txt": LARGE[::-1], "docs/small.txt": "small", "other.txt": "other"}
    assert tree == {"docs": "/", **texts}
    assert anna.status()["hub_seq"] == before, "nothing was changed because of it"


@pytest.mark.hazard("E8", "N2", "N10", "N15", "N19")
def test_a_new_machine_is_told_what_nobody_has_and_gets_it_from_who_comes_back(world: World, tmp_path: Path) -> None:
    """The hub's database was kept, and the directory of its blocks was not.  Small contents are in the database."""
    large = {f"docs/large{number}.txt": f"{number}\n{LARGE}" for number in range(3)}
    anna = world.agent("anna")
    for path, text in {**large, "docs/small.txt": "small", "edited.txt": f"old\n{LARGE}"}.items():
        anna.write(path, text)
    anna.wait()
    before = anna.status()["hub_seq"]
    anna.end()
    world.hub.end()
    shutil.rmtree(tmp_path / "hub" / "blocks")
    world.start_hub()

    bert = world.agent("bert")
    missing = {*large, "edited.txt"}
    until(lambda: {one["path"] for one in bert.status()["held"]} == missing, 60, lambda: str(bert.status()))
    until((bert.root / "docs" / "small.txt").exists, 60, bert.said)
    assert all("the hub does not have" in one["reason"] for one in bert.status()["held"])
    assert not bert.status()["in_sync"]
    assert bert.tree() == {"docs": "/", "docs/small.txt": "small"}, "no wrong bytes, and nothing in the way of the rest"

    anna.write("edited.txt", "new")  # by now nobody has what it was
    anna.start()
    tree = world.settle()
    assert tree == {"docs": "/", **large, "docs/small.txt": "small", "edited.txt": "new"}
    assert fsck(tmp_path / "hub")[0] == 0, "what nobody needs any more is not missed"
    assert anna.status()["hub_seq"] == before + 1, "the edit: nothing else was changed because of it"
