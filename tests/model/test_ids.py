"""Ids that are derived: the same from the same parts, another from any others."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from syncagent.model.ids import PARK, ROOT, derived_id

parts = st.lists(st.one_of(st.text(), st.binary(), st.integers()), max_size=4)


@given(parts)
def test_a_derived_id_has_the_form_of_an_id_and_is_the_same_each_time(some: list[str | bytes | int]) -> None:
    assert re.fullmatch(r"[a-z0-9-]{25}", derived_id(*some))
    assert derived_id(*some) == derived_id(*some)


def test_parts_are_not_run_together() -> None:
    ids = {
        derived_id(),
        derived_id(""),
        derived_id("ab"),
        derived_id("a", "b"),
        derived_id("", "ab"),
        derived_id("ab", ""),
    }
    assert len(ids) == 6


def test_the_fixed_ids_are_none_that_could_be_minted() -> None:
    assert {len(ROOT), len(PARK)} == {4}
    assert ROOT != PARK
