"""The log: no key in it, no control character, no one else's eyes on it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncagent.agent import logs
from syncagent.agent.logs import Echo, PlainLines, Redaction, end, log_to, tune, visible

CANARY = "canary-1f2e3d4c5b6a"


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.level
    yield
    root.setLevel(before)


@pytest.mark.hazard("G7")
@pytest.mark.parametrize(
    "text",
    [
        f"key {CANARY} in the middle",
        f'{{"api_key": "{CANARY}"}}',
        f"api_key={CANARY}&x=1",
        f"API-Key: {CANARY}",
        f"Authorization: Bearer {CANARY}",
        f"join syncagent://host:1/#{CANARY}",
        f"token = '{CANARY}'",
    ],
)
def test_a_key_is_hidden_whether_it_is_known_or_only_looks_like_one(text: str) -> None:
    assert CANARY not in Redaction([CANARY])(text)
    if not text.startswith("key "):
        assert CANARY not in Redaction()(text)


def test_what_is_no_key_stays() -> None:
    text = "the monkey ate 3 tokens of docs/secretary.txt"
    assert Redaction(["", "short"])(text) == text


@pytest.mark.hazard("G7")
def test_a_secret_that_begins_another_does_not_lay_its_end_bare() -> None:
    assert Redaction(["abcdefgh", "abcdefgh-rest"])("x abcdefgh-rest") == "x [hidden]"


@pytest.mark.hazard("G14")
def test_control_characters_are_spelled_out() -> None:
    assert visible("a\x1b[31mb\x00\u202ec\r") == "a\\u001b[31mb\\u0000\\u202ec\\u000d"
    assert visible("tab\tline\nü") == "tab\tline\nü"


def write(path: Path, form: str) -> str:
    handler = log_to(path, form=form, secrets=[CANARY])
    try:
        logger = logging.getLogger("syncagent.test")
        logger.debug("not at this level")
        logger.info("file %s", "evil\n2026 ERROR forged \x1b[2J \udcff")
        try:
            raise ValueError(f"bad api_key={CANARY}")
        except ValueError:
            logger.exception("failed with %s", CANARY)
    finally:
        end(handler)
    return path.read_text()


def test_plain_lines(tmp_path: Path) -> None:
    text = write(tmp_path / "logs" / "agent.log", "text")
    assert CANARY not in text
    assert "\x1b" not in text
    assert "not at this level" not in text
    own = [line for line in text.splitlines() if not line.startswith("    ")]
    assert len(own) == 2, "what follows in a message is indented, so that it cannot pass for an entry"
    assert own[0].partition(" ")[2].startswith("INFO test: file evil")
    assert "ValueError: bad api_key=[hidden]" in text


def test_json_lines(tmp_path: Path) -> None:
    text = write(tmp_path / "logs" / "agent.log", "json")
    assert CANARY not in text
    first, second = (json.loads(line) for line in text.splitlines())
    assert first["level"] == "info"
    assert first["text"].startswith("file evil\n2026 ERROR forged \\u001b")
    assert "ValueError" in second["trace"]


@pytest.mark.hazard("G5", "G7")
def test_the_file_is_private_and_turned_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 2000)
    path = tmp_path / "logs" / "agent.log"
    handler = log_to(path)
    for number in range(200):
        logging.getLogger("syncagent").info("entry %d", number)
    end(handler)
    files = sorted(path.parent.iterdir())
    assert len(files) == 1 + logs.FILES_KEPT
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert all(file.stat().st_size <= 2000 for file in files)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert "entry 199" in path.read_text()


def test_a_log_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "agent.log").symlink_to("victim")
    with pytest.raises(OSError, match="symbolic"):
        log_to(tmp_path / "agent.log")
    assert not (tmp_path / "victim").exists()


def test_who_sits_before_it_is_told_of_trouble_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = list(logging.getLogger().handlers)
    handler = log_to(tmp_path / "agent.log", secrets=[CANARY], echo=Echo.TROUBLE)
    logging.getLogger("syncagent").info("received")
    try:
        raise ValueError
    except ValueError:
        logging.getLogger("syncagent").exception("it is\nbad: %s", CANARY)
    end(handler)
    assert capsys.readouterr().err == "syncagent: it is\\nbad: [hidden]\n"
    assert logging.getLogger().handlers == before


def test_a_log_is_tuned_while_it_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handler = log_to(tmp_path / "logs" / "agent.log", level="warning", echo=Echo.ALL)
    try:
        logging.getLogger("syncagent.x").info("not told")
        tune(handler, level="debug", form="json", secrets=[CANARY])
        logging.getLogger("syncagent.x").debug("told, without %s", CANARY)
    finally:
        end(handler)
    [line] = (tmp_path / "logs" / "agent.log").read_text().splitlines()
    assert (json.loads(line)["level"], json.loads(line)["text"]) == ("debug", "told, without [hidden]")
    assert capsys.readouterr().err == line + "\n"


@pytest.mark.parametrize(
    "word", ["api_key=abcdefgh1", "TOKEN: abcdefgh1", "pa\u017f\u017fword=abcdefgh1", "Secret=abcdefgh1"]
)
def test_g7_what_is_looked_for_in_small_letters_is_found_in_all(word: str) -> None:
    assert "abcdefgh1" not in Redaction()(f"a line with {word} in it")
    assert "abcdefgh1" not in Redaction()("x SyncAgent:abcdefgh1 y")


def test_of_a_line_that_two_are_shown_each_is_the_same_and_of_the_next_another() -> None:
    lines = PlainLines(Redaction())
    one, two = (logging.makeLogRecord({"msg": text, "created": 0.0, "name": "x"}) for text in ("one", "two"))
    assert [lines.format(record).split()[-1] for record in (one, one, two, one)] == ["one", "one", "two", "one"]
