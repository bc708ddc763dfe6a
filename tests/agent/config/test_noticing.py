"""That a file was written or replaced is told at once, where the system tells."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from syncagent.agent.config.noticing import noticing

linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is of Linux")


@linux
async def test_what_is_written_or_replaced_is_told_and_nothing_else(tmp_path: Path) -> None:
    file, other, heard = tmp_path / "config.toml", tmp_path / "state.db", asyncio.Event()
    with noticing([file], heard.set) as told:
        assert told
        file.write_text("a")
        await asyncio.wait_for(heard.wait(), 30)
        heard.clear()
        (tmp_path / "new").write_text("b")
        (tmp_path / "new").replace(file)
        await asyncio.wait_for(heard.wait(), 30)
        heard.clear()
        other.write_text("c")
        file.unlink()
        with noticing([other], asyncio.Event().set):
            await _all_was_read(tmp_path)
        assert not heard.is_set()


async def _all_was_read(folder: Path) -> None:
    """What happened before is told before what happens now."""
    last, heard = folder / "last", asyncio.Event()
    with noticing([last], heard.set):
        last.write_text("")
        await asyncio.wait_for(heard.wait(), 30)


@linux
async def test_what_a_link_leads_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    real, link, heard = tmp_path / "kept" / "mine.toml", tmp_path / "config.toml", asyncio.Event()
    real.write_text("a")
    link.symlink_to(real)
    with noticing([link], heard.set) as told:
        assert told
        real.write_text("b")
        await asyncio.wait_for(heard.wait(), 30)


async def test_where_nothing_can_be_told_that_is_said(tmp_path: Path) -> None:
    with noticing([tmp_path / "none" / "config.toml"], asyncio.Event().set) as told:
        assert not told
