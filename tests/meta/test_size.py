"""No module grows until it cannot be held in the head."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "syncagent"

CEILING = 400
LOWER = dict.fromkeys(("engine/engine.py", "planner/plan.py", "agent/runtime.py", "hub/session.py"), 280)
"""The four that could swallow the rest."""


def test_no_module_is_too_long() -> None:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).as_posix()
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LOWER.get(module, CEILING):
            found[module] = lines
    assert not found, "these modules have too many lines: give a part of them a module of its own"
