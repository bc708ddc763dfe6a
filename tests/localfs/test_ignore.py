"""Names that are kept, and those that are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncagent.errors import BadName
from syncagent.localfs.ignore import parked_at, refusal, refusal_of_path, shown
from syncagent.model.names import RelPath, check_name


@given(st.text(max_size=300))
def test_refusal_agrees_with_the_check_of_names(name: str) -> None:
    try:
        check_name(name)
    except BadName:
        assert refusal(name) is not None
    else:
        assert refusal(name) is None


@pytest.mark.parametrize("name", ["a", "Report 2.docx", "a.b.c", "x" * 255, "-", "~", "é", ".hidden", "nfd-e\u0301"])
def test_usual_names_are_kept(name: str) -> None:
    assert refusal(name) is None


@pytest.mark.hazard("C1", "C3", "C7", "C9")
@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "a\\b", "C:", "c:x", "x" * 256, "a\x00", "a\n", ".syncagent", ".SYNCAGENT. ", "\udcff"],
)
def test_names_that_are_none_are_not(name: str) -> None:
    assert refusal(name)


def test_paths_are_judged_by_each_part_and_the_whole() -> None:
    assert refusal_of_path(RelPath("a/b/c")) is None
    assert refusal_of_path(RelPath("a/../c"))
    assert refusal_of_path(RelPath("/a"))
    assert refusal_of_path(RelPath(".syncagent/stage/x"))
    assert refusal_of_path(RelPath(".syncagent/park"))
    assert refusal_of_path(parked_at("id")) is None
    assert refusal_of_path(RelPath(".syncagent/park/../root.json"))
    assert refusal_of_path(RelPath("/".join(["a" * 200] * 20))) is None
    assert refusal_of_path(RelPath("/".join(["a" * 200] * 21)))
    assert refusal_of_path(RelPath("/".join(["é" * 100] * 21)))


def test_what_is_not_utf_8_can_be_shown() -> None:
    assert shown("good é") == "good é"
    assert shown("bad\udcff\udcfe") == "bad\\xff\\xfe"
    assert refusal(shown("bad\udcff")) is not None
