"""Versions as they stand on the disk, and where they differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncagent.agent import comparing
from syncagent.agent.comparing import difference, version
from syncagent.errors import NotAsked
from syncagent.model.names import RelPath


def lines(root: Path, one: bytes, other: bytes) -> list[str]:
    (root / "a").write_bytes(one)
    (root / "b").write_bytes(other)
    return list(difference(version(root, RelPath("a")), version(root, RelPath("b"))))


def test_text_is_compared_by_lines_and_all_else_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines(tmp_path, b"1\n2\n", b"1\n3\n") == ["--- a", "+++ b", "@@ -1,2 +1,2 @@", " 1", "-2", "+3"]
    assert lines(tmp_path, b"1\n", b"1") == [
        "--- a", "+++ b", "@@ -1 +1 @@", "-1", "+1", "\\ No newline at end of file",
    ]  # fmt: skip
    assert lines(tmp_path, b"\0", b"\0") == []
    assert "not compared line by line" in lines(tmp_path, b"\0", b"1")[-1]
    assert "not compared line by line" in lines(tmp_path, "é".encode("latin-1"), b"1")[-1]
    monkeypatch.setattr(comparing, "PIECE", 2)
    assert lines(tmp_path, b"12345", b"12345") == []
    monkeypatch.setattr(comparing, "MOST_BYTES", 3)
    assert "not compared line by line" in lines(tmp_path, b"12345", b"12345")[-1]


def test_what_is_no_file_is_not_compared(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "l").symlink_to("/etc/passwd")
    for path in ("d", "l", "nothing"):
        with pytest.raises(NotAsked):
            version(tmp_path, RelPath(path))
