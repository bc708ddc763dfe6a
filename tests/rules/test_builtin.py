"""What is left out though nobody has said so."""

from __future__ import annotations

from syncagent.rules.builtin import TEXT
from syncagent.rules.layers import RuleFile


def test_each_line_is_a_pattern_of_names_alone() -> None:
    # So that they cost next to nothing, and hold wherever a folder is moved to.
    file = RuleFile(TEXT.encode())
    assert file.broken == ()
    assert file.by_names_alone
