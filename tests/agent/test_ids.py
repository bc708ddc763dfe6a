"""Fresh ids."""

from __future__ import annotations

import re

from syncagent.agent.ids import RandomIds


def test_ids_are_ids_and_no_two_are_the_same() -> None:
    made = [RandomIds().new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert all(re.fullmatch(r"[0-9a-f]{25}", one) for one in made)
