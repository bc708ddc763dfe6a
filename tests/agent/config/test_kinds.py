"""The kinds of values that settings have."""

from __future__ import annotations

import pytest

from syncagent.agent.config.kinds import command_line, host_and_port


@pytest.mark.parametrize(
    ("text", "parts"),
    [("h:1", ("h", 1)), ("0.0.0.0:8765", ("0.0.0.0", 8765)), ("[::1]:80", ("::1", 80)), ("h:65535", ("h", 65535))],
)
def test_a_host_and_a_port(text: str, parts: tuple[str, int]) -> None:
    assert host_and_port(text) == parts


@pytest.mark.parametrize("text", ["", "h", "h:", ":1", "h:65536", "::1:80", "h:1/x", "a b:1", "u@h:1"])
def test_what_is_no_host_and_port(text: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        host_and_port(text)


def test_a_command_line_is_one_whose_quotes_match() -> None:
    assert command_line(" run 'a b' ") == "run 'a b'"
    assert command_line("") == ""
    for text in ("run 'a", "''"):
        with pytest.raises(ValueError, match="no command|no program"):
            command_line(text)
