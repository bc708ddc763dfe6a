"""What was measured is kept, merged, and compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import goals, tables
from benchmarks.goals import GOALS, Times, Under, judge
from benchmarks.results import US, Entry, Results
from benchmarks.works import ALL

SIZES = {"files": 10_000.0, "equal": 50_000.0, "large": float(1 << 30)}


def entry(peer: str, work: str, *runs: dict[str, float], failure: str = "") -> Entry:
    return Entry(peer, work, "1.0", runs, failure, SIZES)


def results(*entries: Entry) -> Results:
    made = Results({"processor": "2 × fast"})
    made.add(entries)
    return made


BOTH = results(
    entry(US, "many", {"seconds": 3.0}, {"seconds": 2.0}, {"seconds": 9.0}),
    entry("rsync", "many", {"seconds": 4.5}),
    entry("syncthing", "many", {"seconds": 11.0}),
)


def test_the_median_of_the_runs_counts() -> None:
    assert BOTH.figure(US, "many", "seconds") == 3.0
    assert BOTH.figure(US, "many", "cpu") is None
    assert BOTH.figure("unison", "many", "seconds") is None


def test_a_ratio_says_how_many_times_as_much_the_peer_took() -> None:
    assert BOTH.ratio("rsync", "many", "seconds") == 1.5
    assert BOTH.ratio("unison", "many", "seconds") is None
    nothing = results(entry(US, "rest", {"cpu_share": 0.0}), entry("unison", "rest", {"cpu_share": 29.0}))
    assert nothing.ratio("unison", "rest", "cpu_share") is None


def test_pieces_of_a_run_merge_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    assert Results.read(path) == Results()
    for piece in (entry(US, "many", {"seconds": 9.0}), entry("rsync", "many", {"seconds": 4.5})):
        merged = Results.read(path)
        merged.add([piece])
        merged.write(path)
    again = Results.read(path)
    again.add([entry(US, "many", {"seconds": 3.0})])
    again.write(path)
    assert Results.read(path).ratio("rsync", "many", "seconds") == 1.5
    assert Results.read(path).peers() == [US, "rsync"]


def test_a_table_shows_figures_ratios_gaps_and_failures() -> None:
    both = results(*BOTH.entries.values(), entry("unison", "many", failure="it did not arrive"))
    (table,) = tables.tables(both)
    assert table.rows == (
        ("", US, "rsync", "syncthing", "unison"),
        ("10,000 small files appear", "3.00", "4.50 (×1.5)", "11.00 (×3.7)", "failed"),
    )
    assert tables.as_markdown(table).splitlines()[1:] == [
        "|---|--:|--:|--:|--:|",
        "| 10,000 small files appear | **3.00** | 4.50 (×1.5) | 11.00 (×3.7) | failed |",
    ]
    assert tables.as_text(table).splitlines()[0] == "Seconds"
    assert tables.failures(both) == ["unison, many: it did not arrive"]


def test_who_leads_is_in_bold_where_there_is_anyone_to_be_compared_with() -> None:
    led = results(entry(US, "many", {"seconds": 3.0, "cpu": 2.0}), entry("rsync", "many", {"seconds": 1.0}))
    assert "| 3.00 | **1.00 (×0.33)** |" in tables.as_markdown(tables.table(led, "seconds"))
    assert tables.as_markdown(tables.table(led, "cpu")).endswith("| 2.00 | – |")


def test_every_work_is_in_a_table() -> None:
    assert {row.work for _, rows in tables.TABLES.values() for row in rows} == set(ALL)


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Times("", "many", "seconds", "rsync"), True),
        (Times("", "many", "seconds", "syncthing", 4), False),
        (Times("", "many", "seconds", "unison"), None),
        (Under("", "many", "seconds", 3.1), True),
        (Under("", "many", "seconds", 3.0), False),
        (Under("", "delete", "seconds", 3.0), None),
    ],
)
def test_a_goal_is_met_missed_or_open(goal: goals.Goal, met: bool | None) -> None:
    assert judge(BOTH, goal).met is met


def test_all_goals_are_about_works_that_there_are() -> None:
    assert {goal.work for goal in GOALS} <= set(ALL)
    assert len(goals.as_lines(BOTH)) == len(GOALS)
