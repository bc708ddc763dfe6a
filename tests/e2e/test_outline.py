"""A large file that is edited again and again: others copy it while it is still being read, and have it as it is."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.e2e.machines import Machine
from tests.e2e.test_large import digest

pytestmark = pytest.mark.e2e

SIZE = 40 << 20


@pytest.mark.hazard("A18")
def test_a_large_file_that_is_edited_is_the_same_everywhere(machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    data = os.urandom(SIZE)
    (anna.root / "film").write_bytes(data)
    anna.wait(120)
    bert.wait(120)
    middle = SIZE // 2
    edits = [
        data[:middle] + b"a word" + data[middle:],
        data + b"a line",
        data[: SIZE // 3],
        data[middle:] + data[:middle],
        data[:middle] + b"as long" + data[middle + 7 :],
    ]
    for number, edited in enumerate(edits):
        editing, other = (anna, bert) if number % 2 == 0 else (bert, anna)
        aside = editing.root.parent / f"film {number}"
        aside.write_bytes(edited)
        shutil.move(aside, editing.root / "film")
        editing.wait(120)
        other.wait(120)
        assert digest(other.root / "film") == digest(editing.root / "film")
    assert [one.name for one in bert.root.iterdir() if not one.name.startswith(".")] == ["film"], "nobody was in doubt"
