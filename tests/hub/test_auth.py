"""Keys are found by their id and compared as hashes; who guesses waits, and no one else."""

from __future__ import annotations

import random
import statistics
from time import perf_counter_ns

import pytest

from syncagent.hub.auth import BOOTSTRAP, KeyRing, Patience, bootstrap_key, matches, new_key
from syncagent.hub.rows import Role


@pytest.mark.hazard("G1")
def test_g1_a_key_that_we_make_cannot_be_guessed() -> None:
    texts = {new_key()[0] for _ in range(50)}
    assert len(texts) == 50
    for text in texts:
        prefix, key_id, secret = text.split("_")
        assert prefix == "sak"
        assert int(key_id, 16) >= 0
        assert len(bytes.fromhex(secret)) * 8 >= 128


@pytest.mark.hazard("G6")
def test_g6_of_a_key_only_a_salted_hash_is_kept() -> None:
    text, key = new_key(label="laptop")
    secret = text.rpartition("_")[2]
    assert secret not in repr(key)
    assert secret.encode() not in key.hash + key.salt
    assert bootstrap_key("same").hash != bootstrap_key("same").hash
    assert matches(key, text)
    assert not matches(key, text + "x")


@pytest.mark.parametrize("chosen", ["simple", "sak_looks_likeone", "sak_", "äöü \ud800", "a_b_c"])
def test_a_chosen_key_may_be_any_text(chosen: str) -> None:
    ring = KeyRing([bootstrap_key(chosen), new_key()[1]])
    found = ring.find(chosen, "default")
    assert found is not None
    assert found.id == BOOTSTRAP
    assert ring.find(chosen + "x", "default") is None
    assert ring.find("", "default") is None


@pytest.mark.hazard("G10")
def test_a_key_is_good_for_its_folders() -> None:
    text, key = new_key(Role.READER, ["photos"])
    ring = KeyRing([key])
    assert ring.find(text, "photos") == key
    assert ring.find(text, "default") is None


@pytest.mark.hazard("N16")
def test_without_keys_no_one_comes_in() -> None:
    assert KeyRing([]).find("", "default") is None
    assert KeyRing([]).find("sak__", "default") is None


@pytest.mark.hazard("G1")
def test_g1_who_guesses_waits_longer_each_time_up_to_a_minute() -> None:
    patience = Patience()
    waits = []
    for _ in range(12):
        patience.wrong("1.2.3.4", 100.0)
        waits.append(patience.wait("1.2.3.4", 100.0))
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert patience.wait("5.6.7.8", 100.0) == 0
    assert patience.wait("1.2.3.4", 150.0) == 10
    patience.right("1.2.3.4")
    assert patience.wait("1.2.3.4", 100.0) == 0


def test_a_wrong_key_is_forgotten_with_time() -> None:
    patience = Patience()
    for time in range(0, 100_000, 1000):
        patience.wrong("1.2.3.4", time)
        assert patience.wait("1.2.3.4", time) == 0


@pytest.mark.hazard("N17")
def test_n17_only_so_many_addresses_are_remembered() -> None:
    patience = Patience()
    for number in range(30_000):
        patience.wrong(str(number), 0.0)
    assert len(patience._tries) == 10_000


@pytest.mark.slow
@pytest.mark.hazard("G2")
def test_g2_how_long_a_no_takes_says_nothing_of_the_key() -> None:
    """The medians of wrong keys, near ones and far ones, are as near to each other as those of one kind twice."""
    text, key = new_key()
    ring = KeyRing([key])
    wrong_id = new_key()[0]
    kinds = {
        "nearly right": text[:-1] + ("x" if text[-1] != "x" else "y"),
        "wrong at once": text[: text.rindex("_") + 1] + "z" * (len(text) - text.rindex("_") - 1),
        "of no one": wrong_id,
        "nearly right again": text[:-1] + ("x" if text[-1] != "x" else "y"),
    }
    took: dict[str, list[int]] = {kind: [] for kind in kinds}
    order = list(kinds)
    dice = random.Random(1)
    for _ in range(100_000):
        dice.shuffle(order)  # so that what the machine does meanwhile falls on all alike
        for kind in order:
            begun = perf_counter_ns()
            assert ring.find(kinds[kind], "default") is None
            took[kind].append(perf_counter_ns() - begun)
    middle = {kind: statistics.median(times) for kind, times in took.items()}
    assert max(middle.values()) - min(middle.values()) < 0.05 * min(middle.values()), middle
