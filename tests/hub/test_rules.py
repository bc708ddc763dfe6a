"""Tokens come back with time, and never more than there were."""

from __future__ import annotations

from syncagent.hub.rules import Rules, TokenBucket


def test_a_burst_is_allowed_and_then_the_rate() -> None:
    bucket = TokenBucket(rate=2, burst=3, now=10)
    assert [bucket.take(10) for _ in range(4)] == [True, True, True, False]
    assert bucket.wait() == 0.5
    assert [bucket.take(11), bucket.take(11), bucket.take(11)] == [True, True, False]
    assert [bucket.take(1000) for _ in range(4)] == [True, True, True, False]


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(rate=1, burst=1, now=10)
    assert bucket.take(10)
    assert not bucket.take(5)
    assert not bucket.take(10.5)
    assert bucket.take(11)


def test_silence_is_two_and_a_half_heartbeats() -> None:
    assert Rules(heartbeat=30).silence == 75
