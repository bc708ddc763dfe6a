"""``file_changed``."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from syncagent.protocol.changes import FileChange, FileChanges

SEED: dict[str, Any] = {"operation": "update", "file_path": "document.txt", "client_id": "client-A"}


def test_the_seeds_three_fields_are_a_notice_and_go_out_as_they_came() -> None:
    change = FileChange.model_validate(SEED)
    assert change.is_notice
    assert change.model_dump(exclude_defaults=True) == SEED


def test_a_change_that_names_its_node_is_no_notice() -> None:
    assert not FileChange.model_validate(SEED | {"node_id": "n"}).is_notice


@pytest.mark.parametrize(
    "wrong",
    [
        {"operation": "chmod"},
        {"operation": None},
        {"file_path": 7},
        {"size": -1},
        {"size": 1.0},
        {"mtime_ns": 1 << 63},
        {"executable": 1},
        {"confirmed": "yes"},
        {"digest": "ABCDEF" + "0" * 58},
        {"digest": "0" * 63},
        {"blocks": [["0" * 64]]},
        {"blocks": [["0" * 64, -1]]},
        {"kind": "fifo"},
    ],
    ids=str,
)
def test_what_is_wrong_with_a_change_is_seen(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FileChange.model_validate(SEED | wrong)


def test_the_first_wrong_change_of_a_batch_ends_the_reading() -> None:
    with pytest.raises(ValidationError) as caught:
        FileChanges.model_validate({"client_id": "a", "changes": [{}] * 1000})
    assert len(caught.value.errors()) <= 3
