"""A file of eight gigabytes, most of it holes: it arrives, in bounded memory (A18)."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.machines import Machine, Process

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(3600)]

SIZE = int(os.environ.get("SYNCAGENT_LARGE_GIB", "8")) << 30
MOST = 600 << 20
"""Bytes of memory that agents and hub may ever have taken."""


@pytest.mark.hazard("A18", "N17")
def test_a_sparse_file_of_eight_gigabytes(machines: tuple[Machine, Machine], tmp_path: Path) -> None:
    if shutil.disk_usage(tmp_path).free < 3 * SIZE:
        pytest.skip("there is no room for it three times")
    anna, bert = machines
    with (anna.root / "image").open("wb") as file:
        for number in range(9):
            file.seek(number * (SIZE // 9))
            file.write(f"something at {number}".encode() * 1000)
        file.truncate(SIZE)
    anna.wait(1800)
    bert.wait(1800)
    assert digest(bert.root / "image") == digest(anna.root / "image")
    for process in (anna, bert, anna.hub):
        assert most_memory(process) < MOST, process.name


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def most_memory(process: Process) -> int:
    assert process.process is not None
    told = Path(f"/proc/{process.process.pid}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB", told, re.MULTILINE)
    assert found is not None
    return int(found[1]) << 10
