"""What a request must look like to come from our own page."""

from __future__ import annotations

import pytest

from syncagent.agent.page.rules import ENTRANCE, HEADERS, wrong_with

PORT = 4711
HOST = {"Host": "127.0.0.1:4711"}
ORIGIN = {"Origin": "http://127.0.0.1:4711"}


def test_what_comes_from_our_own_page_may_pass() -> None:
    assert wrong_with("GET", "/", HOST, PORT) == ""
    assert wrong_with("GET", "/events", {**HOST, "Sec-Fetch-Site": "same-origin"}, PORT) == ""
    assert wrong_with("POST", "/ask/pause", {**HOST, **ORIGIN}, PORT) == ""


@pytest.mark.hazard("G8")
@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:4711", "127.0.0.1", "127.0.0.1:80", "localhost:4711"]
)
def test_a_name_that_was_made_to_lead_here_leads_nowhere(host: str) -> None:
    assert wrong_with("GET", "/", {"Host": host}, PORT)
    assert wrong_with("POST", "/ask/pause", {"Host": host, "Origin": f"http://{host}"}, PORT)


@pytest.mark.hazard("G8")
@pytest.mark.parametrize("origin", ["null", "http://evil.example", "https://127.0.0.1:4711", "http://127.0.0.1:9999"])
def test_another_page_cannot_ask_in_our_name(origin: str) -> None:
    assert wrong_with("POST", "/ask/pause", {**HOST, "Origin": origin}, PORT)
    assert wrong_with("GET", "/events", {**HOST, "Origin": origin}, PORT)


def test_what_changes_something_says_where_it_comes_from() -> None:
    assert wrong_with("POST", "/ask/pause", HOST, PORT)


def test_only_by_the_entrance_one_comes_from_elsewhere() -> None:
    elsewhere = {**HOST, "Sec-Fetch-Site": "cross-site"}
    assert wrong_with("GET", ENTRANCE, elsewhere, PORT) == ""
    assert wrong_with("GET", "/", elsewhere, PORT)
    assert wrong_with("GET", "/look/look.css", {**HOST, "Sec-Fetch-Site": "same-site"}, PORT)


def test_nothing_is_taken_from_elsewhere_and_nobody_frames_us() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
