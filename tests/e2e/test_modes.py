"""What was private stays so when it is kept as a conflict copy (G17)."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncagent.model.names import RelPath, is_conflict_name
from tests.e2e.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.start_hub()
    yield made
    made.end()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.hazard("G17")
def test_a_conflict_copy_is_not_wider_than_the_file_was(world: World) -> None:
    anna, bert = world.agent("anna"), world.agent("bert")
    anna.write("diary.txt", "first")
    world.settle()
    diary = bert.root / "diary.txt"
    diary.chmod(0o600)
    bert.wait()
    bert.end()
    anna.write("diary.txt", "by anna")
    anna.wait()
    diary.write_text("by bert, in private")
    bert.start()
    tree = world.settle()
    [copy] = [path for path in tree if is_conflict_name(RelPath(path))]
    assert {tree["diary.txt"], tree[copy]} == {"by anna", "by bert, in private"}
    private = [bert.root / path for path in (copy, "diary.txt") if tree[path] == "by bert, in private"]
    assert [mode(path) for path in private] == [0o600]
