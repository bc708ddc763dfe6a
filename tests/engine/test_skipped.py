"""Paths of which nothing could be learnt."""

from __future__ import annotations

import pytest

from syncagent.engine.skipped import RETRY_UNREADABLE, Skipped
from syncagent.model.names import RelPath
from syncagent.trees.identify import Sightings

A, B = RelPath("a"), RelPath("d/b")


@pytest.mark.hazard("A13", "N19")
def test_they_are_looked_at_again_after_a_while_and_forgotten_until_they_are_seen_again() -> None:
    skipped = Skipped()
    skipped.add(Sightings(skipped={A: "it is a pipe", B: "no"}, unreadable={B: "no"}), 100.0)
    assert skipped.due(100.0) == [] and skipped.again_at == 100.0 + RETRY_UNREADABLE
    assert skipped.due(100.0 + RETRY_UNREADABLE) == [A, B]
    assert skipped.again_at is None and skipped.due(1e9) == []
    skipped.looked_at([A], [])
    assert skipped.why == {B: "no"} == skipped.unreadable
    skipped.looked_at([], [RelPath("d")])
    assert skipped.why == skipped.unreadable == {}
