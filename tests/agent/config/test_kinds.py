"""The kinds of values that settings have."""

from __future__ import annotations

import pytest

from syncagent.agent.config.kinds import command_line, host_and_port, size_or_share
from syncagent.reserve import bytes_or_share


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


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("5GB", (5_000_000_000, None)), ("1.5 MiB", (3 << 19, None)), ("0", (0, None)), ("700", (700, None)),
        ("10%", (None, 0.1)), ("0.5 %", (None, 0.005)), ("0%", (None, 0.0)), ("2t", (2 * 10**12, None)),
    ],
)  # fmt: skip
def test_bytes_or_a_part_of_the_disk(text: str, meant: tuple[int | None, float | None]) -> None:
    assert bytes_or_share(text) == meant


@pytest.mark.parametrize("said", ["", "much", "-5GB", "101%", "5 GBit", "%", True, None])
def test_what_is_no_size(said: object) -> None:
    with pytest.raises(ValueError, match="bytes such as 5GB, or a part of the disk such as 10%"):
        size_or_share(said)
