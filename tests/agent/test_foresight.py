"""What a dry run foretells is what then happens, and it changes nothing."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.foresight import folds_case, foresee
from syncagent.agent.foretold import Foretold
from syncagent.cli.compose import brake_rules
from syncagent.errors import AlreadyRunning, LinkLost, Refused, RootMissing
from syncagent.localfs.memory import MemoryDisk
from syncagent.trees.picture import FOLDER, Sight
from tests.support.agents import config_in, running
from tests.support.hubs import hub_in


async def dry(config: AgentConfig, **more: bool) -> Foretold:
    return await foresee(config, tell=lambda _: None, **more)


def bytes_in(*folders: Path) -> dict[str, str]:
    """Every name, with its content, its mode and its mtime."""
    found = {}
    for folder in folders:
        for path in [folder, *folder.rglob("*")]:
            if not path.is_socket():
                seen = path.lstat()
                what = os.readlink(path) if path.is_symlink() else ""
                inside = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not what else what
                found[str(path)] = f"{seen.st_mode} {seen.st_mtime_ns} {inside}"
    return found


def standing(root: Path) -> dict[str, tuple[str, bytes]]:
    """What a person would see."""
    found: dict[str, tuple[str, bytes]] = {}
    for path in root.rglob("*"):
        inner = path.relative_to(root).as_posix()
        if inner.split("/")[0] == ".syncagent":
            continue
        if path.is_symlink():
            found[inner] = ("link", os.readlink(path).encode())
        elif path.is_dir():
            found[inner] = ("folder", b"")
        elif path.is_file():
            found[inner] = ("file", path.read_bytes())
    return found


def foretold(told: Foretold, contents: dict[bytes, bytes]) -> dict[str, tuple[str, bytes]]:
    def as_seen(sight: Sight) -> tuple[str, bytes]:
        if sight == FOLDER:
            return "folder", b""
        if sight.content is None:
            return "link", str(sight.target).encode()
        return "file", contents[sight.content.digest]

    return {path: as_seen(sight) for path, sight in told.ends_as.items()}


def every_content(*roots: Path) -> dict[bytes, bytes]:
    from syncagent.content.digest import digest_of

    files = [path for root in roots for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    return {digest_of(path.read_bytes()): path.read_bytes() for path in files}


def put(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def alike(there: Path, here: Path) -> None:
    shutil.copytree(there, here, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".syncagent"))


def one_more_here(there: Path, here: Path) -> None:
    alike(there, here)
    put(here, more="only here", sub__more="here too")


def other_content(there: Path, here: Path) -> None:
    put(here, a="another a", sub__b="bb", sub__deep__c="ccc")


def a_file_where_the_hub_has_a_folder(there: Path, here: Path) -> None:
    put(here, sub="a file")
    (here / "a").mkdir()


def rules_of_the_hub(there: Path, here: Path) -> None:
    (there / ".syncignore").write_text("*.log\nbuild/\n")
    (there / "sub" / ".syncignore").write_text("*.tmp2\n")
    put(here, x="x", sub__y="y")
    (here / "big.log").write_text("left out here, too")
    (here / "sub" / "z.tmp2").write_text("left out by the inner rules")
    (here / "build").mkdir()
    (here / "build" / "out").write_text("left out")
    put(here, **{"all.log__x": "left out with its folder"})


def rules_of_both(there: Path, here: Path) -> None:
    (there / ".syncignore").write_text("*.log\n")
    put(here, a="aaa", x="x")
    (here / ".syncignore").write_text("*.bak\n")
    (here / "y.log").write_text("log")
    (here / "y.bak").write_text("bak")


def odd_things(there: Path, here: Path) -> None:
    alike(there, here)
    os.mkfifo(here / "pipe")
    (here / "link").symlink_to("a")
    (there / "link2").symlink_to("sub/b")
    put(here, Alpha="upper", empty="")
    put(there, alpha="lower", empty="")
    (here / "a").chmod(0o755)


@pytest.mark.parametrize(
    "before",
    [
        alike, one_more_here, other_content, a_file_where_the_hub_has_a_folder, rules_of_the_hub, rules_of_both,
        odd_things,
    ],
)  # fmt: skip
async def test_a_first_link_ends_as_it_was_foretold(before: Callable[[Path, Path], None], tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as server:
        there = config_in(tmp_path / "there", server=server, name="Desk")
        here = config_in(tmp_path / "here", server=server)
        put(there.sync_root, a="aaa", sub__b="bb", sub__deep__c="ccc")
        (there.sync_root / "void").mkdir()
        before(there.sync_root, here.sync_root)
        async with running(there) as desk:
            await desk.wait()
            contents = every_content(there.sync_root, here.sync_root)
            was = bytes_in(tmp_path / "here")
            journal = (await desk.status())["hub_seq"]
            told = await dry(here)
            assert bytes_in(tmp_path / "here") == was
            assert (await desk.status())["hub_seq"] == journal
            assert told.first
            async with running(here) as agent:
                await agent.wait()
                await desk.wait()
                await agent.wait()
                left_out = {path for path in standing(here.sync_root) if path not in foretold(told, contents)}
                seen = {path: one for path, one in standing(here.sync_root).items() if path not in left_out}
                assert seen == foretold(told, contents)
                # What is left out of it is what does not cross either.
                assert not left_out & {row.path for row in told.rows}
                assert foretold(told, contents) == standing(there.sync_root)
                assert not left_out & standing(there.sync_root).keys()
                assert {one["path"] for one in (await agent.status())["skipped"]} == {path for path, _ in told.skipped}


async def test_each_kind_of_thing_is_counted(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as server:
        there = config_in(tmp_path / "there", server=server, name="Desk")
        here = config_in(tmp_path / "here", server=server)
        put(there.sync_root, same="same", both="theirs", away="only there", sub__deep="only there")
        put(here.sync_root, same="same", both="my own", mine="only here")
        async with running(there) as desk:
            await desk.wait()
            told = await dry(here)
    rows = {(row.action, row.path) for row in told.rows if row.kind == "file" and row.action != "times"}
    copy = next(row.path for row in told.rows if row.action == "conflict")
    assert copy.startswith("both (conflict ")
    assert rows == {
        ("equal", "same"), ("conflict", copy), ("send", copy), ("receive", "both"), ("receive", "away"),
        ("receive", "sub/deep"), ("send", "mine"),
    }  # fmt: skip
    assert (told.bytes_up, told.bytes_down) == (len("my own") + len("only here"), len("theirs") + len("only there"))
    assert (told.files_here, told.files_there, told.held) == (3, 4, [])
    shown = told.as_dict()
    assert shown["summary"]["equal"] == {"files": 1, "folders": 0, "links": 0}
    assert {"action": "conflict", "kind": "file", "path": copy, "size": 6, "from": "both"} in shown["changes"]


async def test_a_later_start_ends_as_it_was_foretold(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as server:
        there = config_in(tmp_path / "there", server=server, name="Desk")
        here = config_in(tmp_path / "here", server=server)
        names = {f"f{number}": str(number) for number in range(30)}
        put(there.sync_root, **names, d__x="x", d__y="y", swap1="one", swap2="two", both="both")
        async with running(there) as desk:
            await desk.wait()
            async with running(here) as agent:
                await agent.wait()
            root, other = here.sync_root, there.sync_root
            (root / "f1").unlink()
            (root / "f2").write_text("edited here")
            (root / "d").rename(root / "e")
            (root / "swap1").rename(root / "s")
            (root / "swap2").rename(root / "swap1")
            (root / "s").rename(root / "swap2")
            (root / "both").write_text("both, here")
            (other / "f3").unlink()
            (other / "f4").rename(other / "moved")
            (other / "f5").write_text("edited there")
            (other / "both").write_text("both, there")
            await desk.wait()
            contents = every_content(root, other)
            was = bytes_in(tmp_path / "here")
            told = await dry(here)
            assert bytes_in(tmp_path / "here") == was
            assert not told.first
            actions = {(row.action, row.was or row.path, row.path) for row in told.rows}
            assert actions >= {
                ("delete there", "f1", "f1"), ("send", "f2", "f2"), ("delete here", "f3", "f3"),
                ("move here", "f4", "moved"), ("receive", "f5", "f5"), ("move there", "d", "e"),
                ("move there", "swap1", "swap2"), ("move there", "swap2", "swap1"),
            }  # fmt: skip
            async with running(here) as agent:
                await agent.wait()
                await desk.wait()
            assert standing(root) == foretold(told, contents)


def live(rng: random.Random, root: Path, tag: str, acts: int) -> None:
    """What a person does in a folder, one thing after the other."""
    for _ in range(acts):
        mine = sorted(path for path in root.rglob("*") if ".syncagent" not in path.parts)
        folders = [root, *(path for path in mine if path.is_dir() and not path.is_symlink())]
        to = rng.choice(folders) / rng.choice(["a", "b", "c", "d.txt", "E", "e"])
        one = rng.choice(mine) if mine else None
        match rng.randrange(7):
            case 0 | 1 if not os.path.lexists(to):
                to.write_text(rng.choice(["same", "alike", f"{tag} {rng.random()}"]))
            case 2 if not os.path.lexists(to):
                to.mkdir()
            case 3 if one is not None and one.is_file():
                one.write_text(f"{tag} {rng.random()}")
            case 4 | 5 if one is not None and one not in (to, *to.parents) and not os.path.lexists(to):
                one.rename(to)
            case 6 if one is not None:
                shutil.rmtree(one) if one.is_dir() else one.unlink()


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_was_done_on_both_sides_ends_as_it_was_foretold(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    async with hub_in(tmp_path / "hub", brake=brake_rules(on=False, files=1, share=1, most=1)) as server:
        there = config_in(tmp_path / "there", server=server, name="Desk", brake="off")
        here = config_in(tmp_path / "here", server=server, brake="off")
        live(rng, there.sync_root, "first", 12)
        async with running(there) as desk:
            await desk.wait()
            if seed % 2:  # they have met before
                async with running(here) as agent:
                    await agent.wait()
            live(rng, here.sync_root, "here", 9)
            live(rng, there.sync_root, "there", 9)
            await desk.wait()
            contents = every_content(there.sync_root, here.sync_root)
            told = await dry(here)
            async with running(here) as agent:
                await agent.wait()
                await desk.wait()
                await agent.wait()
            assert standing(here.sync_root) == standing(there.sync_root)
            assert standing(here.sync_root) == foretold(told, contents)


async def test_a_mass_of_deletes_would_be_held(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as server:
        here = config_in(tmp_path / "here", server=server)
        put(here.sync_root, **{f"f{number}": str(number) for number in range(30)})
        async with running(here) as agent:
            await agent.wait()
        for number in range(25):
            (here.sync_root / f"f{number}").unlink()
        told = await dry(here)
        assert [(way.value, deleted, replaced) for way, deleted, replaced in told.held] == [("outgoing", 25, 0)]
        assert (
            await dry(here.model_copy(update={"brake": "off"}))
            and not (await dry(here.model_copy(update={"brake": "off"}))).held
        )


async def test_a_folder_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as server:
        there = config_in(tmp_path / "there", server=server, name="Desk")
        put(there.sync_root, a="aaa")
        async with running(there) as desk:
            await desk.wait()
            here = config_in(tmp_path / "here", server=server)
            here.sync_root.rmdir()
            told = await dry(here)
            assert not here.sync_root.exists()
        assert [(row.action, row.path) for row in told.rows] == [("receive", "a")]


async def test_a_hub_that_would_be_made_is_sent_all(tmp_path: Path) -> None:
    here = config_in(tmp_path / "here")
    put(here.sync_root, a="aaa", sub__b="b")
    told = await dry(here, own_hub=True)
    assert [(row.action, row.kind, row.path) for row in told.rows] == [
        ("send", "file", "a"), ("send", "folder", "sub"), ("send", "file", "sub/b"),
    ]  # fmt: skip
    assert not (here.sync_root / ".syncagent").exists()


async def test_what_would_be_refused_is_refused(tmp_path: Path) -> None:
    here = config_in(tmp_path / "here")
    with pytest.raises(LinkLost):
        await dry(here)
    async with hub_in(tmp_path / "hub") as server, hub_in(tmp_path / "other") as elsewhere:
        here = config_in(tmp_path / "here", server=server)
        put(here.sync_root, a="aaa")
        async with running(here) as agent:
            await agent.wait()
            with pytest.raises(AlreadyRunning):
                await dry(here)
        with pytest.raises(Refused, match="another hub than before"):
            await dry(here.model_copy(update={"server": elsewhere}))
        assert await dry(here.model_copy(update={"server": elsewhere, "new_hub": True}))
        shutil.rmtree(here.sync_root)
        with pytest.raises(RootMissing):
            await dry(here)
        here.sync_root.mkdir()
        with pytest.raises(RootMissing):
            await dry(here)
        told = await dry(here, new_folder=True)
        assert "both sides are united" in told.warnings[0]
        assert [(row.action, row.path) for row in told.rows] == [("receive", "a")]


def test_whether_a_disk_takes_other_spellings_is_seen_by_a_name_that_is_there() -> None:
    for fold in (None, str.casefold):
        disk = MemoryDisk(fold=fold)
        assert not folds_case(disk)
        disk.user.write("Readme", b"")
        assert folds_case(disk) is (fold is not None)
