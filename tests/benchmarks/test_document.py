"""A document's figures are made anew from the results, and nothing else of it is touched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.document import NoSuchFigures, parts, renewed
from benchmarks.results import US, Entry, Results

PERFORMANCE = Path(__file__).parents[2] / "docs" / "PERFORMANCE.md"
TEXT = """# Title

Before.
<!-- figures: {name} -->
old
<!-- end of figures -->
After.
"""


def results() -> Results:
    made = Results({"processor": "2 × fast"})
    made.add([
        Entry(US, "many", "1.0", ({"seconds": 3.0},), "", {"files": 10_000.0}),
        Entry(US, "scale-1000", "1.0", ({"first": 2.0, "hub": 60.5},), "", {"files": 1000.0}),
    ])  # fmt: skip
    return made


def test_what_stands_between_the_markers_is_made_anew() -> None:
    new = renewed(TEXT.format(name="seconds"), results())
    assert new == TEXT.format(name="seconds").replace(
        "old", "| Seconds | syncagent |\n|---|--:|\n| 10,000 small files appear | 3.00 |"
    )
    assert renewed(new, results()) == new


def test_machine_goals_and_growth_can_be_asked_for_too() -> None:
    assert "* processor: 2 × fast\n* syncagent 1.0" in renewed(TEXT.format(name="machine"), results())
    assert "| their folder is renamed |" not in renewed(TEXT.format(name="goals"), results())
    assert "| rename of their folder | open | not measured |" in renewed(TEXT.format(name="goals"), results())
    assert "| files | 1,000 |\n|---|--:|\n| first sync" in renewed(TEXT.format(name="scale"), results())


def test_what_one_more_file_costs_is_said_by_the_fewest_and_the_most() -> None:
    grown = results()
    grown.add([Entry(US, "scale-2000", "1.0", ({"first": 2.5, "hub": 62.5},), "", {"files": 2000.0})])
    new = renewed(TEXT.format(name="scale"), grown)
    assert "Of each file from 1,000 to 2,000:" in new
    assert "* first sync of one agent to an empty hub: 500 µs" in new
    assert f"* most memory of the hub: {2 * (1 << 20) // 1000:,} bytes" in new


def test_figures_that_there_are_not_cannot_be_asked_for() -> None:
    with pytest.raises(NoSuchFigures, match="'speed'"):
        renewed(TEXT.format(name="speed"), results())


def test_the_document_of_the_figures_asks_for_all_that_there_are() -> None:
    asked = re.findall(r"<!-- figures: (\w+) -->", PERFORMANCE.read_text(encoding="utf-8"))
    assert sorted(asked) == sorted(parts(Results()))
