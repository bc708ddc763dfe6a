"""Which test proves which hazard: read from the markers of the tests, written into the table of docs/RELIABILITY.md.

``python -m tests.meta.reliability`` writes the table's last column anew; ``test_reliability`` says when that is due.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[2]
PAGE: Final = PROJECT / "docs" / "RELIABILITY.md"
LAST: Final = {"A": 21, "B": 16, "C": 10, "D": 18, "E": 16, "F": 24, "G": 17, "N": 20}
"""The number of the last hazard of each family."""

SHOWN: Final = 4
"""So many tests are named in a row, the others counted."""

_ROW: Final = re.compile(r"^\| ([A-GN]\d+) \|(.*)\|([^|]*)\|$")


def all_ids() -> list[str]:
    return [f"{family}{number}" for family, last in LAST.items() for number in range(1, last + 1)]


@cache
def proofs() -> dict[str, list[str]]:
    """The tests that carry each id, as ``path::name``, in the order of their files."""
    found: dict[str, list[str]] = {}
    for path in sorted((PROJECT / "tests").rglob("test_*.py")):
        where = path.relative_to(PROJECT / "tests").as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        of_all = [name for node in tree.body for name in _of_module(node)]
        tables = dict(table for node in tree.body for table in _tables(node))
        for test in ast.walk(tree):
            if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef) and test.name.startswith("test_"):
                named = [name for one in ast.walk(test) for name in _ids(one)]
                used = [one.id for mark in test.decorator_list for one in ast.walk(mark) if isinstance(one, ast.Name)]
                named.extend(name for one in used for name in tables.get(one, ()))
                for name in dict.fromkeys([*of_all, *named]):
                    found.setdefault(name, []).append(f"{where}::{test.name}")
    return found


def rows() -> dict[str, tuple[str, str]]:
    """What the page says: the text of each row, and its tests."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return {row[1]: (row[2].strip(), row[3].strip()) for row in map(_ROW.match, lines) if row is not None}


def told(tests: list[str]) -> str:
    """The tests of a row, as the page has them."""
    shown = [f"`{test}`" for test in tests[:SHOWN]]
    more = [f"and {len(tests) - SHOWN} more"] if len(tests) > SHOWN else []
    return ", ".join(shown + more)


def _of_module(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Assign) and any(
        isinstance(one, ast.Name) and one.id == "pytestmark" for one in node.targets
    ):
        for one in ast.walk(node.value):
            yield from _ids(one)


def _tables(node: ast.stmt) -> Iterator[tuple[str, list[str]]]:
    """The ids in a table of the module, whose rows are the parameters of tests."""
    if isinstance(node, ast.Assign):
        found = [name for one in ast.walk(node.value) for name in _ids(one)]
        yield from ((one.id, found) for one in node.targets if isinstance(one, ast.Name))


def _ids(node: ast.AST) -> Iterator[str]:
    """The ids in a ``pytest.mark.hazard("A7", "N10")``."""
    func = node.func if isinstance(node, ast.Call) else None
    if isinstance(node, ast.Call) and "hazard" in (getattr(func, "attr", ""), getattr(func, "id", "")):
        yield from (str(one.value) for one in node.args if isinstance(one, ast.Constant))


def main() -> None:
    """Write the last column of the table anew."""
    by_id = proofs()
    lines = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        row = _ROW.match(line)
        lines.append(f"| {row[1]} |{row[2]}| {told(by_id.get(row[1], []))} |" if row else line)
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
