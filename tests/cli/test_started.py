"""What `run` and `hub` do with what they are given, whoever has read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncagent.agent.places import places
from syncagent.cli import compose, started
from syncagent.errors import BadConfig


def test_a_hub_is_started_with_what_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    came: dict[str, Any] = {}
    monkeypatch.setattr(compose, "run_hub_alone", lambda *given, **more: came.update(more, given=given) or 0)  # type: ignore[func-returns-value]
    assert started.hub(tmp_path / "hub", "127.0.0.1:0", brake="off") == 0
    assert came["given"] == (tmp_path / "hub", "127.0.0.1", 0)
    assert not came["brake"].on
    assert (tmp_path / "hub").stat().st_mode & 0o77 == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"data_dir": None}, "--data-dir is missing"), ({"listen": "nowhere"}, "^--listen: "),
        ({"brake": "maybe"}, "^--brake: must be on or off"), ({"min_free": "much"}, "^--min-free: "),
    ],
)  # fmt: skip
def test_what_a_hub_cannot_go_by_is_said(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(BadConfig, match=said):
        started.hub(**{"data_dir": tmp_path, **wrong})


def test_an_agent_without_a_key_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYNCAGENT_API_KEY", raising=False)
    with pytest.raises(BadConfig, match="no key for the hub"):
        started.run(tmp_path / "data", sync_root=tmp_path / "folder", server="ws://127.0.0.1:1", name="n")


def test_a_folder_is_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = started.agent_source(places(tmp_path / "data"), Path("f"), "ws://127.0.0.1:1", "n")
    [read] = source.read().values()
    assert read.settings is not None
    assert read.settings.sync_root == tmp_path / "f"
