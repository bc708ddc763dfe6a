"""What a person hears of the trash, and what comes back of it."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from syncagent.agent.board import Board
from syncagent.agent.recents import Recent
from syncagent.agent.restoring import Restoring
from syncagent.engine.events import Event, Hinted
from syncagent.errors import NotAsked, RootMissing, TryAgain
from syncagent.localfs.ignore import STAGE, TRASH
from syncagent.localfs.ports import Disk
from syncagent.localfs.real import RealDisk
from syncagent.localfs.trash import Keeping, Trash
from syncagent.model.names import OWN_FOLDER, RelPath


class Agent:
    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in (OWN_FOLDER, STAGE):
            (root / folder).mkdir()
        self.disk: Disk = RealDisk(str(root))
        self.board = Board()
        self.fed: list[Event] = []
        self.trash: Trash | None = Trash(self.disk, Keeping())

    def feed(self, event: Event) -> None:
        self.fed.append(event)

    def grounds(self) -> Any:
        if self.trash is None:
            raise RootMissing("the folder is gone")
        return SimpleNamespace(trash=self.trash)

    def delete(self, path: str) -> None:
        assert self.trash is not None
        assert self.trash.take(RelPath(path), RelPath(path), replaced=False)
        self.trash.settle()


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    made = Agent(tmp_path)
    (tmp_path / "d").mkdir()
    for name in ("a", "d/x", "d/y"):
        (tmp_path / name).write_text(name)
    return made


async def test_what_is_in_it_is_told_the_latest_first(agent: Agent) -> None:
    agent.board.recents._latest.append(Recent(time.time(), "deleted", RelPath("a"), "Laptop"))
    agent.delete("a")
    agent.delete("d")
    answer = await Restoring(agent).answers()["trash"]({})
    assert [(one["path"], one["by"], one["folder"], one["files"], one["bytes"]) for one in answer["items"]] == [
        ("d", "", True, 2, 6), ("a", "Laptop", False, 1, 1),
    ]  # fmt: skip
    assert abs(answer["items"][0]["deleted"] - time.time()) < 600
    assert (answer["count"], answer["bytes"]) == (2, 7)
    assert Restoring(agent).counted() == {"count": 2, "bytes": 7}


async def test_who_has_deleted_it_is_looked_up_once_for_all(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    latest = agent.board.recents.latest

    def count(most: int) -> list[Recent]:
        looked.append(most)
        return latest(most)

    monkeypatch.setattr(agent.board.recents, "latest", count)
    for by in ("Desk", "Laptop"):
        agent.board.recents._latest.append(Recent(time.time(), "deleted", RelPath("a"), by))
    for name in ("a", "d/x", "d/y"):
        agent.delete(name)
    answer = await Restoring(agent).answers()["trash"]({})
    assert [one["by"] for one in answer["items"]] == ["", "", "Laptop"]
    assert len(looked) == 1


async def test_a_path_comes_back_and_is_looked_at(agent: Agent) -> None:
    agent.delete("d")
    answer = await Restoring(agent).answers()["trash.restore"]({"path": "d/"})
    assert answer == {"restored": [{"path": "d", "was": "d"}]}
    assert (agent.root / "d/x").read_text() == "d/x"
    assert agent.fed == [Hinted(("d",), ("d",), reason="put back from the trash")]  # type: ignore[arg-type]


async def test_a_small_folder_that_went_file_by_file_comes_back_by_its_name(agent: Agent) -> None:
    for name in ("d/x", "d/y", "a"):
        agent.delete(name)
    (agent.root / "d").rmdir()
    answer = await Restoring(agent).answers()["trash.restore"]({"path": "d"})
    assert sorted(one["path"] for one in answer["restored"]) == ["d/x", "d/y"]
    assert (agent.root / "d/y").read_text() == "d/y"
    assert not (agent.root / "a").exists()


async def test_one_file_of_a_folder_comes_back_alone(agent: Agent) -> None:
    agent.delete("d")
    answer = await Restoring(agent).answers()["trash.restore"]({"path": "d/x"})
    assert answer == {"restored": [{"path": "d/x", "was": "d/x"}]}
    assert [path.name for path in (agent.root / "d").iterdir()] == ["x"]


async def test_the_latest_of_several_comes_back_or_the_one_that_is_meant(agent: Agent) -> None:
    agent.delete("a")
    (agent.root / "a").write_text("later")
    agent.delete("a")
    first = (await Restoring(agent).answers()["trash"]({}))["items"][-1]["id"]
    await Restoring(agent).answers()["trash.restore"]({"path": "a"})
    assert (agent.root / "a").read_text() == "later"
    answer = await Restoring(agent).answers()["trash.restore"]({"path": first})
    assert answer == {"restored": [{"path": "a (restored)", "was": "a"}]}
    assert (agent.root / "a (restored)").read_text() == "a"


async def test_what_is_not_there_is_said(agent: Agent) -> None:
    for path in ("b", "", "d/z", "../a"):
        with pytest.raises(NotAsked, match="there is no"):
            await Restoring(agent).answers()["trash.restore"]({"path": path})
    agent.trash = None
    assert Restoring(agent).counted() == {"count": 0, "bytes": 0}
    with pytest.raises(TryAgain, match="the folder is not there"):
        await Restoring(agent).answers()["trash"]({})


async def test_it_is_emptied_by_age_or_as_a_whole(agent: Agent) -> None:
    agent.delete("a")
    assert (await Restoring(agent).answers()["trash.empty"]({"older_than": 3600}))["removed"] == 0
    with pytest.raises(NotAsked, match="a number of seconds"):
        await Restoring(agent).answers()["trash.empty"]({"older_than": "7d"})
    assert await Restoring(agent).answers()["trash.empty"]({}) == {"removed": 1, "bytes": 1}
    assert list((agent.root / TRASH).iterdir()) == []
