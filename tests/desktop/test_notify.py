"""How much a person wants to hear."""

from __future__ import annotations

from syncagent.desktop.notify import Level, Wishes, level_of


def test_what_the_settings_say() -> None:
    assert [level_of(text) for text in ("all", "important", "none", "?", None, 3)] == [
        Level.ALL, Level.IMPORTANT, Level.NONE, Level.ALL, Level.ALL, Level.ALL,
    ]  # fmt: skip


def test_a_snooze_ends() -> None:
    wishes = Wishes(snoozed_until=100.0)
    assert wishes.snoozed(99.9)
    assert not wishes.snoozed(100.0)
