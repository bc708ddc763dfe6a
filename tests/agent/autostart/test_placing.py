"""What a person has changed is neither replaced nor removed unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent.autostart.placing import check_free, put, take
from syncagent.agent.autostart.seal import Hand
from syncagent.errors import AskPerson


def test_what_is_ours_is_written_replaced_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert put(path, "one", Hand.ABSENT, force=False) == [f"wrote {path}"]
    assert put(path, "one", Hand.CURRENT, force=False) == []
    assert put(path, "two", Hand.OUTDATED, force=False) == [f"wrote {path} anew"]
    assert path.read_text() == "two"
    assert take(path, Hand.OUTDATED, force=False, still_starts=True) == [f"removed {path}"]
    assert take(path, Hand.ABSENT, force=False, still_starts=False) == []
    assert list(tmp_path.iterdir()) == []


def test_a_changed_file_is_left_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("mine")
    with pytest.raises(AskPerson, match="--force"):
        put(path, "ours", Hand.CHANGED, force=False)
    with pytest.raises(AskPerson, match="--force"):
        take(path, Hand.CHANGED, force=False, still_starts=True)
    with pytest.raises(AskPerson, match="--force"):
        check_free(str(path), Hand.CHANGED, force=False)
    (said,) = take(path, Hand.CHANGED, force=False, still_starts=False)
    assert said.startswith(f"left {path} where it is")
    assert path.read_text() == "mine"


def test_told_to_it_is_set_aside_and_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("mine")
    assert len(put(path, "ours", Hand.CHANGED, force=True)) == 2
    assert (path.read_text(), (tmp_path / "x.old").read_text()) == ("ours", "mine")
    path.write_text("mine again")
    assert len(take(path, Hand.CHANGED, force=True, still_starts=True)) == 1
    assert not path.exists()
    assert (tmp_path / "x.old").read_text() == "mine again"
