"""The name of a job, and what may stand in it."""

from __future__ import annotations

from pathlib import PurePosixPath as Path

import pytest

from syncagent.agent.autostart.job import agent_job, is_plain, job_name, tray_job
from syncagent.errors import BadConfig

USUAL = Path("/home/ann/.local/share/syncagent")


def test_the_usual_directory_has_the_plain_name_and_each_other_one_of_its_own() -> None:
    assert job_name(USUAL, USUAL) == "syncagent"
    names = {job_name(Path(f"/srv/{n}"), USUAL) for n in range(100)}
    assert len(names) == 100
    assert job_name(Path("/srv/1"), USUAL) in names
    assert all(len(name) == len("syncagent-") + 8 for name in names)


def test_only_what_was_set_up_is_started_and_the_directory_is_always_said() -> None:
    job = agent_job(["/usr/bin/syncagent"], USUAL, USUAL, Path("/home/ann/folder"))
    assert job.command == ("/usr/bin/syncagent", "up", "--as-set-up", "--no-link", "--data-dir", str(USUAL))
    assert "/home/ann/folder" in job.title


@pytest.mark.parametrize("bad", ["a\nb", "a\tb", "a\x7f", "a\x85", "a\u2028b", "\udcff", "\uffff"])
def test_what_a_file_of_settings_cannot_hold_is_refused(bad: str) -> None:
    assert not is_plain(bad)
    with pytest.raises(BadConfig):
        agent_job(["/usr/bin/syncagent"], Path("/srv") / bad, USUAL, Path("/x"))
    with pytest.raises(BadConfig):
        agent_job(["/usr/bin/syncagent"], USUAL, USUAL, Path("/x") / bad)


@pytest.mark.parametrize("good", ["größe", "a b", "a\u00a0b", "☃ 😀", "%$\"'`\\"])
def test_all_else_is_plain(good: str) -> None:
    assert is_plain(good)
    assert not is_plain("")


def test_the_tray_has_a_job_beside_the_agents() -> None:
    usual, other = Path("/home/ann/.local/share/syncagent"), Path("/home/ann/more")
    job = tray_job(["/usr/bin/syncagent"], usual, usual)
    assert job.name == "syncagent-tray"
    assert job.command == ("/usr/bin/syncagent", "tray", "--data-dir", str(usual))
    assert tray_job(["/usr/bin/syncagent"], other, usual).name == f"{job_name(other, usual)}-tray"
    with pytest.raises(BadConfig):
        tray_job(["/usr/bin/syncagent"], Path("/a\nb"), usual)
