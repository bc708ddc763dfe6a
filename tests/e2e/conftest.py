"""A hub and two machines, each a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.machines import HubProcess, Machine, Namespace


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    process = HubProcess(tmp_path)
    process.start()
    yield process
    process.kill()


@pytest.fixture
def machines(tmp_path: Path, hub: HubProcess) -> Iterator[tuple[Machine, Machine]]:
    pair = Machine("anna", tmp_path, hub), Machine("bert", tmp_path, hub)
    for machine in pair:
        machine.start()
    yield pair
    for machine in pair:
        machine.kill()


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    if not Namespace.permitted():
        pytest.skip("needs a namespace of its own to mount in")
    made = Namespace()
    yield made
    made.end()
