"""A hub and two machines, each a process of its own."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.last_word import last_word
from tests.e2e.machines import HubProcess, Machine, Namespace
from tests.e2e.world import World


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    process = HubProcess(tmp_path)
    process.start()
    yield process
    process.kill()


@pytest.fixture
def machines(tmp_path: Path, hub: HubProcess, request: pytest.FixtureRequest) -> Iterator[tuple[Machine, Machine]]:
    pair = Machine("anna", tmp_path, hub), Machine("bert", tmp_path, hub)
    for machine in pair:
        machine.start()
    yield pair
    try:
        if passed(request):
            last_word([machine.data for machine in pair], hub.data)
    finally:
        for machine in pair:
            machine.kill()


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(tmp_path)
    made.start_hub()
    yield made
    try:
        if passed(request):
            last_word([agent.data_dir for agent in made.agents], tmp_path / "hub")
    finally:
        made.end()


_PASSED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if call.when == "call":
        item.stash[_PASSED] = report.passed
    return report


def passed(request: pytest.FixtureRequest) -> bool:
    """Whether the test has done what it wanted: of one that failed, the last word would only be more noise."""
    return bool(request.node.stash.get(_PASSED, False))


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    if not Namespace.permitted():
        pytest.skip("needs a namespace of its own to mount in")
    made = Namespace()
    yield made
    made.end()
