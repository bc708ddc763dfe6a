"""Who has said that it brings which blocks."""

from __future__ import annotations

from syncagent.hub import claims as module
from syncagent.hub.claims import CLAIM_SECONDS, Claims
from syncagent.model.ids import Digest

A, B, C = (Digest(name.encode() * 32) for name in "abc")


def test_who_asks_first_is_to_bring_it_and_others_hear_that_it_comes() -> None:
    claims: Claims[str] = Claims()
    assert claims.take("ann", [A, B], 0.0) == ((A, B), ())
    assert claims.take("bob", [B, C], 0.0) == ((C,), (B,))
    assert claims.take("ann", [A, C], 0.0) == ((A,), (C,))


def test_what_was_judged_is_claimed_no_more() -> None:
    claims: Claims[str] = Claims()
    claims.take("ann", [A, B], 0.0)
    claims.settle("bob", [A])
    claims.settle("ann", [B, C])
    assert claims.take("bob", [A, B], 0.0) == ((B,), (A,))


def test_of_who_has_gone_nothing_is_waited_for() -> None:
    claims: Claims[str] = Claims()
    claims.take("ann", [A, B], 0.0)
    claims.take("bob", [C], 0.0)
    claims.gone("ann")
    assert claims.take("cid", [A, B, C], 0.0) == ((A, B), (C,))


def test_who_never_brings_it_is_not_waited_for_for_ever() -> None:
    claims: Claims[str] = Claims()
    claims.take("ann", [A, B], 0.0)
    claims.take("cid", [C], CLAIM_SECONDS - 1)
    assert claims.take("bob", [A, B, C], CLAIM_SECONDS - 1) == ((), (A, B, C))
    assert claims.take("bob", [A, C], CLAIM_SECONDS) == ((A,), (C,))
    claims.hear("ann", CLAIM_SECONDS)
    assert claims.take("ann", [A, B], CLAIM_SECONDS) == ((B,), (A,)), "what nobody else has taken is still its own"


def test_who_goes_on_sending_or_asking_is_waited_for_however_long_it_takes() -> None:
    claims: Claims[str] = Claims()
    claims.take("ann", [A, B], 0.0)
    now = 0.0
    for number in range(10):
        now += CLAIM_SECONDS - 1
        if number % 2:
            claims.hear("ann", now)
        else:
            claims.take("ann", [A], now)
        claims.hear("bob", now)
        assert claims.take("bob", [A, B], now) == ((), (A, B))
    assert claims.take("bob", [A, B], now + CLAIM_SECONDS) == ((A, B), ())


def test_more_than_can_be_remembered_may_come_twice() -> None:
    claims: Claims[str] = Claims()
    most = module.CLAIMS_MOST
    claims.take("ann", [Digest(number.to_bytes(32, "big")) for number in range(most)], 0.0)
    assert claims.take("ann", [A], 0.0) == ((A,), ())
    assert claims.take("bob", [A], 0.0) == ((A,), ())
    later = CLAIM_SECONDS
    assert claims.take("bob", [A], later) == ((A,), ()), "what ended has made room"
    assert claims.take("cid", [A], later) == ((), (A,))
