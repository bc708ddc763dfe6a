"""What the doctor tries a disk with, and what is left of that."""

from __future__ import annotations

import os
from pathlib import Path

from syncagent.agent.doctor.trial import OLD_SECONDS, clear_trials, trial_folder


def test_nothing_of_a_trial_stays_and_what_a_killed_one_left_goes_with_the_next(tmp_path: Path) -> None:
    own = tmp_path / ".syncagent"
    for name in ("doctor-killed", "doctor-at-work", "stage"):
        (own / name / "deep").mkdir(parents=True)
    then = (own / "stage").stat().st_mtime - OLD_SECONDS - 5
    for name in ("doctor-killed", "stage"):
        os.utime(own / name, (then, then))
    with trial_folder(tmp_path) as trial:
        assert trial.parent == own and trial.is_dir()
        (trial / "file").touch()
    assert sorted(one.name for one in own.iterdir()) == ["doctor-at-work", "stage"]


def test_where_there_is_no_folder_of_ours_there_is_nothing_to_clear(tmp_path: Path) -> None:
    clear_trials(tmp_path)
    assert not list(tmp_path.iterdir())
