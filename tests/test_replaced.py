"""What an upgrade does to a program that runs is told as such, and nothing else is taken for it."""

from __future__ import annotations

import os
from pathlib import Path

from syncagent.replaced import OURS, Program, failure


def test_as_long_as_nothing_is_replaced_there_is_the_log(tmp_path: Path) -> None:
    (tmp_path / "program").write_text("one")
    program = Program([str(tmp_path / "program"), str(tmp_path / "inside of another")])
    assert failure("agent", program) == "the agent failed; see its log"


def test_after_an_upgrade_it_is_to_be_started_again(tmp_path: Path) -> None:
    running, newer = tmp_path / "program", tmp_path / "newer"
    running.write_text("one")
    program = Program([str(running)])
    newer.write_text("two")
    os.replace(newer, running)
    assert program.is_replaced()
    assert "by an upgrade: stop the hub, and start it again" in failure("hub", program)


def test_what_has_gone_was_replaced_by_something_at_another_place(tmp_path: Path) -> None:
    running = tmp_path / "program"
    running.write_text("one")
    program = Program([str(running)])
    running.unlink()
    assert program.is_replaced()


def test_this_very_program_is_as_it_was() -> None:
    assert not OURS.is_replaced()
