"""docs/RELIABILITY.md has a row for every hazard, and names the tests that really carry its id."""

from __future__ import annotations

from tests.meta.reliability import all_ids, proofs, rows, told

WITHOUT_TEST = {
    "F18": "no block is ever collected yet",
    "F21": "there is no store on a database server yet",
    "G16": "an audit of dependencies asks a server outside",
    "N20": "histories are held to the law, not to a model of one file",
}
"""The rows that no test proves, and why.  The page says so too."""


def test_every_hazard_and_every_invariant_has_its_row() -> None:
    assert list(rows()) == all_ids()


def test_every_row_has_a_guard_and_a_test_or_a_reason() -> None:
    assert [name for name, (text, _) in rows().items() if not all(part.strip() for part in text.split("|"))] == []
    assert set(all_ids()) - proofs().keys() == WITHOUT_TEST.keys()


def test_the_page_names_the_tests_that_carry_the_marker() -> None:
    by_id = proofs()
    stale = [name for name, (_, tests) in rows().items() if tests != told(by_id.get(name, []))]

    assert not stale, f"write the table anew with `python -m tests.meta.reliability`: {stale}"
