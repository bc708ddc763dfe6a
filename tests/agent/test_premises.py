"""Taking the folder: whose it is, and what is noted of it."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.premises import look_in, open_premises
from syncagent.errors import AlreadyRunning, BadConfig, RootMissing, StorageTrouble
from syncagent.model.facts import FileSeen, LookAt
from syncagent.model.names import RelPath


@pytest.fixture
def config(tmp_path: Path) -> AgentConfig:
    (tmp_path / "data").mkdir(mode=0o700)
    return AgentConfig(
        sync_root=tmp_path / "root", server="ws://127.0.0.1:1", name="Laptop", data_dir=tmp_path / "data",
        client_id="laptop-1", api_key=SecretStr("k" * 20),
    )  # fmt: skip


def test_a_folder_that_never_was_is_made_and_marked(config: AgentConfig) -> None:
    premises = open_premises(config)
    assert (config.sync_root / ".syncagent" / "root.json").exists()
    note = config.data_dir / "root_id"
    assert note.read_text().strip() == premises.root.marker.root_id
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    (config.sync_root / "a.txt").write_text("hello")
    [fact] = premises.scanner.look([LookAt(RelPath("a.txt"), None)])
    assert isinstance(fact, FileSeen)
    premises.leave()


def test_it_is_the_same_folder_the_next_time(config: AgentConfig) -> None:
    first = open_premises(config)
    first.leave()
    second = open_premises(config)
    assert second.root.marker == first.root.marker
    second.leave()


@pytest.mark.hazard("E1", "B8")
def test_a_note_that_cannot_be_read_is_not_one_that_is_not_there(config: AgentConfig) -> None:
    note = config.data_dir / "root_id"
    note.mkdir()
    with pytest.raises(StorageTrouble, match="root_id cannot be read"):
        open_premises(config)
    assert not config.sync_root.exists()
    note.rmdir()
    open_premises(config).leave()


def test_two_agents_cannot_have_one_folder(config: AgentConfig, tmp_path: Path) -> None:
    first = open_premises(config)
    (tmp_path / "other").mkdir(mode=0o700)
    other = config.model_copy(update={"data_dir": tmp_path / "other"})
    with pytest.raises(AlreadyRunning):
        open_premises(other)
    first.leave()
    open_premises(other).leave()


def test_a_folder_within_one_that_is_kept_is_not_taken(config: AgentConfig, tmp_path: Path) -> None:
    open_premises(config).leave()
    (tmp_path / "other").mkdir(mode=0o700)
    inner = config.model_copy(update={"data_dir": tmp_path / "other", "sync_root": config.sync_root / "a" / "b"})
    with pytest.raises(BadConfig, match=r"is within .*root, which is kept already"):
        open_premises(inner)
    with pytest.raises(BadConfig, match="kept already"):
        look_in(inner, new_folder=True)
    assert not inner.sync_root.exists()
    shutil.rmtree(config.sync_root / ".syncagent")
    open_premises(inner).leave()


def test_a_folder_that_holds_one_that_is_kept_is_not_taken_unless_that_is_left_out(
    config: AgentConfig, tmp_path: Path
) -> None:
    outer = tmp_path / "outer"
    (tmp_path / "other").mkdir(mode=0o700)
    kept = config.model_copy(update={"data_dir": tmp_path / "other", "sync_root": outer / "a" / "deep"})
    open_premises(kept).leave()
    above = config.model_copy(update={"sync_root": outer})
    with pytest.raises(BadConfig, match=r"outer holds a/deep, which is kept already.* /a/deep/ in .*\.syncignore"):
        open_premises(above)
    with pytest.raises(BadConfig, match="kept already"):
        look_in(above, new_folder=False)
    assert not (outer / ".syncagent").exists()
    (outer / ".syncignore").write_text("/a/deep/\n")
    open_premises(above).leave()
    (outer / ".syncignore").unlink()
    open_premises(above).leave()  # it was taken before: what is agreed on goes on


def test_what_a_killed_doctor_left_goes_at_the_start(config: AgentConfig) -> None:
    left = config.sync_root / ".syncagent" / "doctor-killed"
    left.mkdir(parents=True)
    os.utime(left, (1, 1))
    open_premises(config).leave()
    assert not left.exists()


def test_a_folder_that_is_gone_is_not_made_again_e1(config: AgentConfig) -> None:
    open_premises(config).leave()
    shutil.rmtree(config.sync_root)
    with pytest.raises(RootMissing):
        open_premises(config)
    assert not config.sync_root.exists()


def test_an_empty_folder_in_its_place_is_not_taken_even_when_all_else_is_forgotten_e1(config: AgentConfig) -> None:
    open_premises(config).leave()
    shutil.rmtree(config.sync_root)
    config.sync_root.mkdir()
    with pytest.raises(RootMissing):
        open_premises(config)
    assert list(config.sync_root.iterdir()) == []
