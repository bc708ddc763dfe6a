"""A file tells whether anybody has changed it."""

from __future__ import annotations

import pytest

from syncagent.agent.autostart.seal import BLANK, NOTE, Hand, hand_of, seal

TEXT = f"# {NOTE}\na=1\nb=0000000000000000\n"


def test_a_sealed_text_is_known_again() -> None:
    assert hand_of(None, seal(TEXT)) is Hand.ABSENT
    assert hand_of(seal(TEXT), seal(TEXT)) is Hand.CURRENT
    assert f"sum:{BLANK}" not in seal(TEXT)


def test_what_an_older_version_wrote_is_ours_still() -> None:
    assert hand_of(seal(TEXT + "old=1\n"), seal(TEXT)) is Hand.OUTDATED


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "\n", lambda text: text.replace("a=1", "a=2"), lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("sum:", "sum "), lambda text: text + text, lambda _: "", lambda _: "\udcff",
        lambda text: text.replace("b=0", "b=1"),
    ],
)  # fmt: skip
def test_any_change_makes_it_a_persons(change: object) -> None:
    assert hand_of(change(seal(TEXT)), seal(TEXT)) is Hand.CHANGED  # type: ignore[operator]


def test_a_text_without_a_sum_is_a_persons() -> None:
    assert hand_of("[Unit]\n", seal(TEXT)) is Hand.CHANGED
    assert hand_of(TEXT, seal(TEXT)) is Hand.CHANGED
