"""The seed's analysis: one instruction a path, and no clock decides."""

from __future__ import annotations

from typing import Any

import pytest

from syncagent.content.digest import content_of
from syncagent.hub.analysis import analyse, answer_of
from syncagent.model.names import RelPath
from syncagent.protocol.sync import ListedFile, SyncOperation

OURS = {RelPath("a.txt"): content_of(b"hello")}
SAME = content_of(b"hello").digest.hex()


@pytest.mark.parametrize(
    ("listed", "operation"),
    [
        ({"path": "a.txt", "checksum": SAME, "size": 5}, "none"),
        ({"path": "a.txt", "checksum": SAME.upper()}, "none"),
        ({"path": "a.txt", "checksum": "other", "size": 5, "modified_time": "2099-01-01"}, "conflict"),
        ({"path": "a.txt", "size": 5}, "none"),
        ({"path": "a.txt", "size": 6}, "conflict"),
        ({"path": "a.txt"}, "conflict"),
    ],
)
def test_a_file_that_both_have(listed: dict[str, Any], operation: str) -> None:
    [found] = analyse([ListedFile.model_validate(listed)], OURS)
    assert (found.operation, found.file_path) == (operation, "a.txt")


def test_a_file_that_one_side_has() -> None:
    found = analyse([ListedFile(path="b.txt")], OURS)
    assert [(one.file_path, one.operation) for one in found] == [("a.txt", "download"), ("b.txt", "upload")]


def test_c1_a_path_that_cannot_be_kept_is_named_and_left_alone() -> None:
    [found, _] = analyse([ListedFile(path="../x")], OURS)
    assert found.operation == "none"
    assert "not a name" in found.reason


@pytest.mark.parametrize("count", [3, 60_000])
def test_an_analysis_fits_into_one_message(count: int) -> None:
    operations = tuple(SyncOperation(operation="upload", file_path=f"p{n:060}", reason="r") for n in range(count))
    answer = answer_of(operations, "q")
    assert len(answer.model_dump_json()) < 4 * 1024 * 1024
    assert (len(answer.operations) == count) is (count == 3)
    assert ("did not fit" in answer.message) is (count != 3)
