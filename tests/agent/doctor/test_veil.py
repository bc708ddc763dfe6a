"""What stays of a text when its names are taken out."""

from __future__ import annotations

import json

import pytest

from syncagent.agent.doctor.veil import Veil, vocabulary
from syncagent.agent.redact import Redactor

SALT = b"s" * 32


def veil(*known: str, secrets: tuple[str, ...] = ()) -> Veil:
    return Veil(Redactor(SALT), known, secrets)


@pytest.mark.parametrize(
    "text",
    [
        "connected to the hub", "no space left on device", "2026-11-22T23:18:00.123Z INFO engine: connected to the hub",
        "12 changes pending, 3.5 MB left, 40%", "OSError: permission denied", "max_user_watches", "read-only",
    ],
)  # fmt: skip
def test_what_our_program_says_itself_stays(text: str) -> None:
    assert veil().log(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "/home/walburga/Steuer/2025.ods: sent", "Gehaltsliste.xlsx", "tüv bericht", "hub7.zwetschge.example",
        "10.1.2.3",
        "wss://zwetschge:8765/x", "walburga@example.org", "file.txt", "ann.txt", "fe80::1",
    ],
)  # fmt: skip
def test_names_and_addresses_do_not(text: str) -> None:
    shown = veil().text(text)
    for word in ("walburga", "Steuer", "2025", "Gehalt", "tüv", "bericht", "zwetschge", "10.1", "ann", "fe80", "file."):
        assert word not in shown


def test_equal_names_stay_equal_and_the_same_as_in_a_recording() -> None:
    one = veil()
    pseudonym = Redactor(SALT).path("docs/Gehaltsliste.xlsx")
    assert one.text("docs/Gehaltsliste.xlsx is held") == f"{pseudonym} is held"
    assert one.value({"path": "docs/Gehaltsliste.xlsx"}) == {"path": pseudonym}
    line = "2026-11-22T23:18:00.123Z INFO agent: docs/Gehaltsliste.xlsx: sent\n"
    assert one.log(line) == f"2026-11-22T23:18:00.123Z INFO agent: {pseudonym}: sent\n"


def test_a_name_of_words_that_are_ours_is_hidden_where_a_name_stands() -> None:
    shown = veil().log("2026-11-22T23:18:00.123Z INFO agent: the hub: sent\n")
    assert "the hub" not in shown
    assert shown.endswith(": sent\n")
    told = json.loads(
        veil().log('{"time": "2026-11-22", "level": "info", "logger": "agent", "text": "the hub: sent"}\n')
    )
    assert told["text"] == shown.split("agent: ")[1].strip()
    assert "hub" not in veil("The Hub").text("a machine called the hub")


@pytest.mark.parametrize(
    "text",
    [
        "a.txt: sent, and 15 more up to paused files/the hub",
        "a.txt: changed on two machines at once; this machine's version is now paused files (conflict).txt",
        "a.txt: moved here, from the folder: paused/x",
        "the folder: paused: received",
        "paused files of the hub that are to be kept in one folder: deleted here, as it was elsewhere",
    ],
)
def test_a_name_of_words_that_are_ours_is_hidden_wherever_a_line_has_it(text: str) -> None:
    shown = veil().log(f"2026-11-22T23:18:00.123Z INFO agent: {text}\n")
    for word in ("paused", "files", "hub", "folder"):
        assert word not in shown
    assert "2026-11-22T23:18:00.123Z INFO agent: n" in shown


def test_keys_become_no_pseudonym() -> None:
    shown = veil(secrets=("hunter2hunter2",)).text("key=hunter2hunter2 and api_key: abcdef, syncagent://h/f?key=x")
    assert "hunter2" not in shown
    assert "abcdef" not in shown
    assert "[hidden]" in shown


def test_numbers_and_what_is_true_stay_in_answers() -> None:
    told = veil().value(
        {"pending": 3, "in_sync": True, "state": "syncing", "name": "Laptop", "lines": [{"text": "Müller"}]}
    )
    assert (told["pending"], told["in_sync"], told["state"]) == (3, True, "syncing")
    assert told["name"] != "Laptop"
    assert "Müller" not in str(told)


def test_the_words_are_those_of_our_strings_and_not_those_of_our_examples() -> None:
    assert {"hub", "folder", "connected"} <= vocabulary()
    assert len(vocabulary()) < 10_000
