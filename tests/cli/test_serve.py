"""`run`: what is missing is said before anything starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from syncagent.agent.places import Places

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _no_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    import keyring.backends.fail

    monkeypatch.setattr(keyring.core, "_keyring_backend", keyring.backends.fail.Keyring())


def test_run_without_a_key_says_how_to_give_one(command: Command, tmp_path: Path) -> None:
    code, _, err = command("run", "--sync-root", str(tmp_path / "folder"), "--server", "ws://127.0.0.1:1")
    assert code == 2
    assert "SYNCAGENT_API_KEY" in err


def test_run_says_which_option_is_wrong(command: Command, tmp_path: Path) -> None:
    code, _, err = command("run", "--sync-root", str(tmp_path / "folder"), "--server", "127.0.0.1:1")
    assert code == 2
    assert err.startswith("syncagent: --server: must look like ws://")


def test_run_keeps_the_folder_apart_from_its_own_files(command: Command, spot: Places) -> None:
    code, _, err = command("run", "--sync-root", str(spot.data_dir), "--server", "ws://127.0.0.1:1")
    assert code == 2
    assert "data directory" in err
