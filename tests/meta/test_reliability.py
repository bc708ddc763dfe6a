"""The markers by which tests name the hazards that they prove the guards against."""

from __future__ import annotations

from tests.meta.reliability import all_ids, proofs


def test_the_markers_name_hazards_that_there_are() -> None:
    assert set(proofs()) <= set(all_ids())
