"""The disk of this machine."""

from __future__ import annotations

from pathlib import Path

from syncagent.localfs.here import disk_at
from syncagent.model.names import RelPath


def test_it_is_the_one_of_this_system(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"123")
    assert disk_at(str(tmp_path)).stat(RelPath("a")).size == 3
