"""kill -9 of an agent or of the hub, at moments that chance picks, in the middle of everything: the same result."""

from __future__ import annotations

import random
import shutil
import threading
from pathlib import Path

import pytest

from tests.e2e.machines import HubProcess, Machine, copies, in_sync, tree

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.mark.parametrize("seed", range(3))
def test_killed_in_the_middle_of_everything(hub: HubProcess, machines: tuple[Machine, Machine], seed: int) -> None:
    rng = random.Random(seed)
    anna, bert = machines
    victims: list[HubProcess | Machine] = [hub, anna, bert]
    work = threading.Thread(target=_work, args=(anna.root, rng.getrandbits(32)))
    work.start()
    for _ in range(6):
        victim = rng.choice(victims)
        work.join(rng.random() * 0.8)
        victim.kill()
        victim.start()
    work.join()
    wanted = tree(anna.root)

    in_sync(anna, bert)

    assert bert.tree() == wanted
    assert anna.tree() == wanted, "changes of one side alone came back otherwise"
    assert not copies(bert.root)
    for machine in machines:
        for folder in ("stage", "park"):
            left = machine.root / ".syncagent" / folder
            assert not left.exists() or not list(left.iterdir()), f"left over on {machine.name}"


def _work(root: Path, seed: int) -> None:
    """What a person does in a few seconds: new folders of files, edits, renames, deletes; one large file."""
    rng = random.Random(seed)
    for number in range(40):
        folder = root / f"folder {number}"
        folder.mkdir()
        for file in range(20):
            (folder / f"{file}.txt").write_bytes(rng.randbytes(rng.randrange(8_000)))
        if number % 5 == 1 and (root / f"folder {number - 1}").exists():
            (root / f"folder {number - 1}").rename(folder / "moved in")
        if number % 7 == 3:
            shutil.rmtree(folder)
        elif number % 4 == 2:
            (folder / "3.txt").write_bytes(rng.randbytes(3_000))
        if number == 10:
            (root / "large").write_bytes(rng.randbytes(20_000_000))
        if number == 25:
            with (root / "large").open("r+b") as large:
                large.seek(10_000_000)
                large.write(b"in the middle")
