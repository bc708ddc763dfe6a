"""Fresh ids."""

from __future__ import annotations

import re

from syncagent.agent.ids import SHARED_IDS, SHARED_SECONDS, RandomIds


def test_ids_are_ids_and_no_two_are_the_same() -> None:
    ids = RandomIds()
    made = [ids.new_id() for _ in range(1000)] + [RandomIds().new_id() for _ in range(1000)]
    assert len(set(made)) == 2000
    assert all(re.fullmatch(r"[0-9a-v]{25}", one) for one in made)


def test_those_that_are_made_together_stand_together() -> None:
    ids = RandomIds(lambda: 0.0)
    made = [ids.new_id() for _ in range(1000)]
    assert made == sorted(made)
    assert len({one[:20] for one in made}) == 1


def test_nothing_is_shared_for_long() -> None:
    now = 5.0
    ids = RandomIds(lambda: now)
    first = ids.new_id()
    now += SHARED_SECONDS
    later = ids.new_id()
    now -= 10  # no clock should, and it does no harm
    assert len({one[:20] for one in (first, later, ids.new_id())}) == 3


def test_an_id_never_grows() -> None:
    ids = RandomIds(lambda: 0.0)
    made = [ids.new_id() for _ in range(SHARED_IDS + 1)]
    assert len(made[-1]) == len(made[0])
    assert made[-1][:20] != made[0][:20]
