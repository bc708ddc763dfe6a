"""A link holds all that another machine needs, and comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncagent.errors import BadConfig
from syncagent.model.link import Link, format_link, parse_link

FP = "ab" * 32


@pytest.mark.parametrize(
    ("link", "text"),
    [
        (Link("ws://127.0.0.1:8765", "sak_a_b"), "syncagent://127.0.0.1:8765/default?key=sak_a_b"),
        (Link("wss://192.168.1.5:8765", "k", "photos", FP), f"syncagent://192.168.1.5:8765/photos?key=k&fp={FP}"),
        (Link("wss://[fe80::1]:8765", "k", "default", FP), f"syncagent://[fe80::1]:8765/default?key=k&fp={FP}"),
        (Link("wss://hub.example:443/sync", "k"), "syncagent://hub.example:443/default?key=k&tls=1&at=%2Fsync"),
        (Link("ws://h:1", "a+b/c=&d e"), "syncagent://h:1/default?key=a%2Bb%2Fc%3D%26d+e"),
    ],
)
def test_a_link_is_written_and_read(link: Link, text: str) -> None:
    assert format_link(link) == text
    assert parse_link(text) == link
    assert parse_link(f"  {text}\n") == link


@given(
    secure=st.booleans(),
    host=st.sampled_from(["localhost", "10.0.0.1", "hub.example", "[::1]"]),
    port=st.integers(1, 65535),
    key=st.text(min_size=1, alphabet=st.characters(blacklist_categories=("Cs", "Cc"))),
    folder=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True),
    pinned=st.booleans(),
)
def test_every_link_comes_back(secure: bool, host: str, port: int, key: str, folder: str, pinned: bool) -> None:
    link = Link(f"{'wss' if secure else 'ws'}://{host}:{port}", key, folder, FP if secure and pinned else "")
    assert parse_link(format_link(link)) == link


@pytest.mark.parametrize(
    "text",
    [
        "", "hello", "https://h:1/default?key=secret", "syncagent://h/default?key=secret", "syncagent://h:1/default",
        "syncagent://h:99999/x?key=secret", "syncagent://h:1/x?key=secret&fp=abcd",
        "syncagent://h:1/..%2Fx?key=secret", "syncagent://[::1/x?key=secret",
    ],
)  # fmt: skip
def test_what_is_no_link_is_refused_without_repeating_the_key(text: str) -> None:
    with pytest.raises(BadConfig) as caught:
        parse_link(text)
    assert "secret" not in str(caught.value)


@pytest.mark.hazard("G7")
def test_g7_the_key_is_not_in_the_repr() -> None:
    assert "secret" not in repr(Link("ws://h:1", "secret"))
