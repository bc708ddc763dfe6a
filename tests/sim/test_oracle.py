"""The oracle: a world in which a guard is missing is found out, and the script that shows it is made small."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from syncagent.engine.remote import RemoteSide
from syncagent.hub.judge import _Bench
from syncagent.hub.runs import Runs
from syncagent.localfs.memory import MemoryDisk
from syncagent.localfs.memory_file import MemoryFile
from tests.sim.runs import Settings, failure_of, script_of, shrunk, smallest
from tests.sim.script import Choice

MOST = 200
"""Seeds in which a missing guard has to show."""

POWER = {"agent-power", "agent-power-within"}
LINKS = {"hub-killed", "link-cut", "link-stale"}


def nothing(*_: Any) -> None:
    pass


@pytest.mark.sim
@pytest.mark.parametrize(
    ("owner", "guard", "instead", "faults"),
    [
        pytest.param(MemoryFile, "sync", nothing, POWER, id="content is not made durable"),
        pytest.param(MemoryDisk, "sync", nothing, POWER, id="names are not made durable"),
        pytest.param(
            RemoteSide, "sending", nothing, {"hub-killed", "link-cut", "link-stale"}, id="own changes unknown"
        ),
        pytest.param(_Bench, "_check_base", nothing, {"link-cut"}, id="the base of a change is not looked at"),
        pytest.param(Runs, "reached", lambda *_: True, {"hub-rolled-back"}, id="a restored hub is not found out"),
    ],
)
def test_a_guard_that_is_missing_shows(
    monkeypatch: pytest.MonkeyPatch, owner: type, guard: str, instead: Any, faults: Collection[str]
) -> None:
    worlds = [Settings(seed, machines=2, acts=14, faults=frozenset(faults)) for seed in range(MOST)]
    with monkeypatch.context() as without:
        without.setattr(owner, guard, instead)
        found = next((one for one in worlds if failure_of(one, script_of(one)) is not None), None)
    assert found is not None
    assert failure_of(found, script_of(found)) is None


@pytest.mark.sim
def test_the_smallest_script_that_fails_in_the_same_way_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Bench, "_check_base", nothing)
    for seed in range(MOST):
        settings = Settings(seed, machines=2, acts=14, faults=frozenset({"link-cut"}))
        script = script_of(settings)
        failure = failure_of(settings, script)
        if failure is not None:
            break
    else:
        raise AssertionError("nothing failed")
    small, again = smallest(settings, script, failure)
    assert 0 < len(small) < len(script)
    assert set(small) <= set(script)
    assert str(failure_of(settings, small)) == str(again)


def test_what_has_no_part_in_it_is_left_out() -> None:
    script = tuple(Choice("write", 0, float(number), number) for number in range(20))
    wanted = {script[3], script[11]}
    assert set(shrunk(script, lambda part: wanted <= set(part))) == wanted
    assert shrunk(script, lambda part: True) == ()
    assert shrunk(script, lambda part: False) == script
