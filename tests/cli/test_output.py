"""Answers on stdout, the rest on stderr, and nothing that speaks to the terminal."""

from __future__ import annotations

import io
import sys

import pytest

from syncagent.cli.output import complain, say, show_json, tell


def test_answers_and_complaints_go_apart(capsys: pytest.CaptureFixture[str]) -> None:
    say("answer")
    tell("by the way")
    complain("two\nlines")
    assert tuple(capsys.readouterr()) == ("answer\n", "by the way\nsyncagent: two lines\n")


@pytest.mark.hazard("G14")
def test_control_characters_are_spelled_out(capsys: pytest.CaptureFixture[str]) -> None:
    say("\x1b]0;title\x07")
    assert capsys.readouterr().out == "\\u001b]0;title\\u0007\n"


def test_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"a": "ü\n"})
    assert capsys.readouterr().out == '{"a": "ü\\n"}\n'


def test_a_terminal_without_utf8_and_a_name_without_sense_do_not_stop_us(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    say("ü \udcff")
    assert raw.getvalue() == b"\\xfc \\udcff\n"
