"""What only SQLite does: a folder with all beneath it is buried by statements that go by an index."""

from __future__ import annotations

from pathlib import Path

from syncagent.hub.stores import subtrees
from syncagent.hub.stores.schema import APPLICATION, SCHEMA
from syncagent.sqlite import open_database


def test_no_statement_walks_over_more_than_the_subtree(tmp_path: Path) -> None:
    database = open_database(str(tmp_path / "db"), schema=SCHEMA, application=APPLICATION)
    database.execute(subtrees._TABLE)
    for statement in (subtrees._GATHER, subtrees._LYING, subtrees._BURY, subtrees._APPEND_ALL, subtrees._FILES):
        plan = [
            str(row[-1])
            for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", (None,) * statement_values(statement))
        ]
        assert not [step for step in plan if step.startswith("SCAN node")], plan
    database.close()


def statement_values(statement: str) -> int:
    """How many values a statement takes."""
    numbered = [number for number in range(1, 9) if f"?{number}" in statement]
    return max(numbered) if numbered else statement.count("?")
