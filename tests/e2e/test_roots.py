"""The folder is not what it was: gone, elsewhere, emptied, replaced, unmounted, mounted over, while the agent runs and
while it does not.  Nothing is deleted anywhere, nothing is made there, and only the right folder is gone on with (E1).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.machines import HubProcess, Machine, Namespace, in_sync, tree, until
from tests.support.saving import save

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

FOLDER_MISSING = 7


def moved(root: Path, aside: Path, foreign: Path) -> None:
    root.rename(aside)


def emptied_with_its_marker(root: Path, aside: Path, foreign: Path) -> None:
    shutil.copytree(root, aside, symlinks=True)
    for path in list(root.iterdir()):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def replaced_by_an_empty_folder(root: Path, aside: Path, foreign: Path) -> None:
    root.rename(aside)
    root.mkdir()


def replaced_by_another_folder(root: Path, aside: Path, foreign: Path) -> None:
    root.rename(aside)
    root.mkdir()
    (root / "something else").write_text("of the user's")


def replaced_by_the_folder_of_another_agent(root: Path, aside: Path, foreign: Path) -> None:
    root.rename(aside)
    shutil.copytree(foreign, root, symlinks=True)


def replaced_by_a_file(root: Path, aside: Path, foreign: Path) -> None:
    root.rename(aside)
    root.write_text("a file")


WAYS: list[Callable[[Path, Path, Path], None]] = [
    moved,
    emptied_with_its_marker,
    replaced_by_an_empty_folder,
    replaced_by_another_folder,
    replaced_by_the_folder_of_another_agent,
    replaced_by_a_file,
]


def everything(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    if path.is_file():
        return {"": path.read_text()}
    return {str(one): str(one.lstat().st_mtime_ns) for one in path.rglob("*")}


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@pytest.mark.hazard("E1", "A20", "N10")
@pytest.mark.parametrize("running", [True, False], ids=["while it runs", "while it does not"])
def test_a_folder_that_is_not_the_one_that_was_kept(
    machines: tuple[Machine, Machine], tmp_path: Path, running: bool
) -> None:
    anna, bert = machines
    (anna.root / "folder").mkdir()
    for number in range(12):
        (anna.root / "folder" / str(number)).write_text(str(number))
    in_sync(anna, bert)
    wanted, head = bert.tree(), bert.status()["hub_seq"]
    for way in WAYS:
        if not running:
            anna.terminate()
        way(anna.root, tmp_path / "aside", bert.root)
        before = everything(anna.root)
        if not running:
            anna.start()
        assert anna.stuck() == FOLDER_MISSING, way.__name__
        assert everything(anna.root) == before, f"{way.__name__}: something was made, changed or deleted there"
        assert bert.tree() == wanted, way.__name__
        remove(anna.root)
        (tmp_path / "aside").rename(anna.root)
        anna.wait()
        assert (anna.tree(), bert.tree(), anna.status()["hub_seq"]) == (wanted, wanted, head), way.__name__


@pytest.fixture
def mounted(tmp_path: Path, hub: HubProcess, namespace: Namespace) -> Iterator[tuple[Machine, Machine, Path]]:
    """Anna's folder is a disk of its own; with where we see it.  Bert's is as usual."""
    anna, bert = Machine("anna", tmp_path, hub), Machine("bert", tmp_path, hub)
    anna.prefix = tuple(namespace.enter)
    namespace.mount(anna.root)
    anna.start()
    bert.start()
    yield anna, bert, namespace.inside(anna.root)
    anna.kill()
    bert.kill()


@pytest.mark.hazard("E1", "N10")
def test_a_disk_that_is_unmounted_and_mounted_again(
    mounted: tuple[Machine, Machine, Path], namespace: Namespace, tmp_path: Path
) -> None:
    anna, bert, root = mounted
    (root / "folder").mkdir()
    for number in range(12):
        (root / "folder" / str(number)).write_text(str(number))
    in_sync(anna, bert)
    wanted, head = bert.tree(), bert.status()["hub_seq"]
    (tmp_path / "elsewhere").mkdir()
    for running in (True, False):
        if not running:
            anna.terminate()
        namespace.run("mount", "--bind", anna.root, tmp_path / "elsewhere")
        namespace.run("umount", "-l", anna.root)
        if not running:
            anna.start()
        assert anna.stuck() == FOLDER_MISSING
        assert list(root.iterdir()) == [], "the empty mount point is left alone"
        bert.wait()
        assert (bert.tree(), bert.status()["hub_seq"]) == (wanted, head)
        namespace.run("mount", "--bind", tmp_path / "elsewhere", anna.root)
        namespace.run("umount", tmp_path / "elsewhere")
        in_sync(anna, bert)
        assert (tree(root), bert.tree(), bert.status()["hub_seq"]) == (wanted, wanted, head)
    (root / "afterwards").write_text("it goes on")
    in_sync(anna, bert)
    assert bert.tree() == tree(root)


@pytest.mark.hazard("A19", "N10", "N15")
def test_a_disk_within_the_folder_comes_and_goes(mounted: tuple[Machine, Machine, Path], namespace: Namespace) -> None:
    anna, bert, root = mounted
    (root / "folder" / "inner").mkdir(parents=True)
    for number in range(12):
        (root / "folder" / "inner" / str(number)).write_text(str(number))
    in_sync(anna, bert)
    wanted, head = bert.tree(), bert.status()["hub_seq"]

    namespace.mount(anna.root / "folder" / "inner")
    (root / "folder" / "inner" / "of another disk").write_text("not kept")
    save(root, "beside", "goes on")
    until(lambda: "beside" in bert.tree(), anna.output)
    anna.ask("wait", "--timeout", "20")
    bert.wait()
    assert bert.tree() == wanted | {"beside": bert.tree()["beside"]}, "nothing is concluded from what a mount hides"
    told = anna.status()
    assert "it lies on another file system" in {row["reason"] for row in (*told["skipped"], *told["held"])}

    save(bert.root, "folder/inner/3", "changed meanwhile")
    bert.wait()
    assert not (root / "folder" / "inner" / "3").exists(), "nothing is written to the other disk"
    namespace.run("umount", anna.root / "folder" / "inner")
    in_sync(anna, bert)
    assert tree(root) == bert.tree()
    assert (root / "folder" / "inner" / "3").read_text() == "changed meanwhile"
    assert bert.status()["hub_seq"] == head + 2
