"""``sync_request`` and ``sync_response``."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from syncagent.protocol.sync import AnalysisRequest, ListedFile, MissingRequest, SyncResponse, VerdictsResponse


@pytest.mark.parametrize("field", ["path", "file_path"])
def test_a_listed_file_calls_its_path_either_way(field: str) -> None:
    assert AnalysisRequest.model_validate({"files": [{field: "a.txt"}]}).files == (ListedFile(path="a.txt"),)


@pytest.mark.parametrize("when", ["2026-11-22T23:18:00Z", 1700000000, 1700000000.5, None])
def test_a_modified_time_is_text_or_seconds(when: object) -> None:
    ListedFile.model_validate({"path": "a", "modified_time": when})


def test_a_file_without_a_path_is_none() -> None:
    with pytest.raises(ValidationError):
        ListedFile.model_validate({"size": 3})


def test_digests_are_64_lower_case_hexadecimal_digits() -> None:
    for wrong in ("", "0" * 63, "G" * 64, "A" * 64, "0" * 64 + "\n"):
        with pytest.raises(ValidationError):
            MissingRequest.model_validate({"digests": [wrong]})


def test_every_answer_has_the_seeds_five_fields() -> None:
    seed = {"success": True, "message": "", "operations": (), "files_to_sync": (), "conflicts": ()}
    for model in (SyncResponse, VerdictsResponse):
        assert seed.keys() <= model.always
        assert model().model_dump(include=set(seed)) == seed
