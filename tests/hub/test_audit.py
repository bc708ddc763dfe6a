"""One line an event; nothing that a client wrote can forge another."""

from __future__ import annotations

import logging

import pytest

from syncagent.hub.audit import record, shown
from syncagent.hub.events import Note


def test_a_note_is_a_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    record(Note("changes", {"client": "laptop", "committed": 3, "folder": ""}), "10.0.0.7")
    assert caplog.messages == ["changes from=10.0.0.7 client=laptop committed=3"]


@pytest.mark.hazard("G14")
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("laptop", "laptop"), ("a b", "a?b"), ("x\nrefused from=1.2.3.4", "x?refused?from=1.2.3.4"), ("", "-"),
        ("\x1b[31m", "?[31m"), ("\u202e", "?"), ("x" * 500, "x" * 120),
    ],
)  # fmt: skip
def test_g14_what_a_client_wrote_stays_one_word(text: str, line: str) -> None:
    assert shown(text) == line
