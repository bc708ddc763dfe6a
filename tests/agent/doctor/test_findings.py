"""How serious what was found is."""

from __future__ import annotations

import pytest

from syncagent.agent.doctor.findings import Check, Verdict, note, ok, problem, warning, worst


def test_the_worst_counts() -> None:
    checks = [ok("a", "well"), warning("b", "so so", "do it"), note("c", "fyi")]
    assert worst(checks) is Verdict.WARNING
    assert worst([*checks, problem("d", "broken", "mend it")]) is Verdict.PROBLEM
    assert worst([]) is Verdict.OK


@pytest.mark.parametrize("check", [ok("a", "well", figure=3), note("a", "well", "means", "do", figure=3)])
def test_a_check_is_told_with_its_figures(check: Check) -> None:
    assert check.as_dict() == {
        "name": "a", "verdict": check.verdict.value, "found": "well", "means": check.means, "todo": check.todo,
        "data": {"figure": 3},
    }  # fmt: skip
