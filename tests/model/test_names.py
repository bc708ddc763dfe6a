"""Which names may be kept the same everywhere, and what a conflict copy is called."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from syncagent.errors import BadName
from syncagent.model.names import (
    MAX_NAME_BYTES,
    Name,
    RelPath,
    check_any_name,
    check_name,
    check_path,
    conflict_name,
    conflict_of,
    is_conflict_name,
    is_own,
    is_plain_name,
    join,
    name_key,
    settled_name,
    split,
)

DAY = "2026-11-22"

REFUSED = [
    "", ".", "..", "a/b", "/", "/etc", "..\\x", "a\\b", "a\0b", "\0", "tab\there", "new\nline", "\x7f", "\x85",
    "C:", "c:file", "f:s",
    "x" * 256, "é" * 128, "\ud800", "a\udcff",
    ".syncagent", ".SyncAgent", ".syncagent.", ".syncagent ", ".syncagent. .", ".sync\u200cagent", ".sync\u00adagent",
    "\ufeff.syncagent", "．syncagent", ".ſyncagent",
]  # fmt: skip

KEPT = [
    "a", "…", "...", ".a", "a.", " a", "a ", "~", "ab:c", "CON", "nul.txt", "a<b>|?*", "-rf",
    "é", "日本語.txt", "\u202egpj.exe", "🎉", "x" * 255, "é" * 127, ".syncagent2", "syncagent",
    ".syncagent.bak", "$(x)", "'", '"', "%00", "a\u200bb",
]  # fmt: skip


@pytest.mark.hazard("C1", "C3")
@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_c1_c3_what_could_be_taken_for_something_else_is_no_name(text: str) -> None:
    with pytest.raises(BadName):
        check_name(text)


@pytest.mark.hazard("C9")
@pytest.mark.parametrize("text", KEPT, ids=ascii)
def test_c9_all_else_is_kept_as_it_is(text: str) -> None:
    assert check_name(text) == text


@pytest.mark.hazard("C4")
def test_c4_a_name_is_nfc() -> None:
    assert check_name("e\u0301") == "é"
    assert name_key(check_name("e\u0301")) == name_key(check_name("é"))


@pytest.mark.hazard("C5")
def test_c5_the_hub_tells_upper_case_from_lower_case() -> None:
    assert name_key(Name("A")) != name_key(Name("a"))


@given(st.text())
def test_a_name_is_checked_once_and_for_all(text: str) -> None:
    try:
        name = check_name(text)
    except BadName:
        return
    assert check_name(name) == name
    assert len(name.encode()) <= MAX_NAME_BYTES
    assert check_path(name) == (name,)


@pytest.mark.hazard("C1")
@pytest.mark.parametrize(
    "text", ["", "/a", "a/", "a//b", "a/../b", "./a", "a/.syncagent/b", "a/" * 2100 + "a"], ids=lambda t: t[:9]
)
def test_c1_a_path_with_a_part_that_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(BadName):
        check_path(text)


def test_paths_are_joined_and_split() -> None:
    assert check_path("a/e\u0301") == ("a", "é")
    assert join(RelPath(""), "a") == "a"
    assert join(RelPath("a/b"), "c") == "a/b/c"
    assert split(RelPath("a/b/c")) == ("a/b", "c")
    assert split(RelPath("a")) == ("", "a")


def test_own_names_are_seen_through_their_disguises() -> None:
    assert is_own(".syncagent")
    assert not is_own("syncagent")


# --- conflict copies ----------------------------------------------------------------------------------------------


def free(name: Name) -> bool:
    return False


@pytest.mark.hazard("B15")
@pytest.mark.parametrize(
    ("name", "copy"),
    [
        ("report.docx", "report (conflict 2026-11-22 Laptop).docx"),
        ("report", "report (conflict 2026-11-22 Laptop)"),
        (".bashrc", ".bashrc (conflict 2026-11-22 Laptop)"),
        ("a.tar.gz", "a.tar (conflict 2026-11-22 Laptop).gz"),
        ("no. 5 of it", "no. 5 of it (conflict 2026-11-22 Laptop)"),
        ("report (conflict 2025-01-01 Old).docx", "report (conflict 2026-11-22 Laptop).docx"),
        ("report (conflict 2025-01-01 Old) 7.docx", "report (conflict 2026-11-22 Laptop).docx"),
        ("report (conflict 2025-01-01 host.local)", "report (conflict 2026-11-22 Laptop)"),
        ("report (conflict 2025-01-01 host.local) 2", "report (conflict 2026-11-22 Laptop)"),
    ],
)
def test_b15_a_conflict_copy_keeps_its_extension_and_grows_no_second_suffix(name: str, copy: str) -> None:
    assert conflict_name(Name(name), DAY, "Laptop", free) == copy
    assert is_conflict_name(copy)


@pytest.mark.hazard("B15")
def test_b15_the_first_free_number_is_taken() -> None:
    taken = {"a (conflict 2026-11-22 L).txt", "a (conflict 2026-11-22 L) 2.txt"}
    assert conflict_name(Name("a.txt"), DAY, "L", taken.__contains__) == "a (conflict 2026-11-22 L) 3.txt"


@pytest.mark.hazard("B15")
def test_b15_fifty_copies_of_a_long_name_are_fifty_names_that_fit() -> None:
    name, taken = Name("é" * 120 + ".document"), set[Name]()
    for _ in range(50):
        taken.add(conflict_name(name, DAY, "Laptop", taken.__contains__))
    assert len(taken) == 50
    assert all(len(one.encode()) <= MAX_NAME_BYTES and one.endswith(".document") for one in taken)


@pytest.mark.hazard("B15")
@pytest.mark.parametrize(
    "machine", ["", "()", "a/b\\c", "host.example.org", "🎉" * 80, "\x85\x9f", "\ud800", "x" * 300]
)
def test_b15_no_machine_is_called_so_that_its_copies_have_no_name(machine: str) -> None:
    copy = conflict_name(Name("a" * 240 + ".extension-of-some-length"), DAY, machine, free)
    assert check_name(copy) == copy
    assert is_conflict_name(copy)


@pytest.mark.hazard("B15")
@given(st.text(min_size=1), st.text(), st.text(max_size=3))
def test_b15_a_conflict_name_is_a_name_and_is_known_as_one(stem: str, machine: str, extension: str) -> None:
    try:
        name = check_name(f"{stem}.{extension}")
    except BadName:
        assume(False)
    copy = conflict_name(name, DAY, machine, free)
    assert check_name(copy) == copy
    assert is_conflict_name(copy)
    assert conflict_name(copy, DAY, machine, free) == copy


@pytest.mark.parametrize(
    "name", ["a", "conflict", "a (conflict)", "a (conflict 2026-11-22 L", "(conflict 2026-11-22 L).txt"]
)
def test_other_names_are_not_taken_for_conflict_copies(name: str) -> None:
    assert not is_conflict_name(name)


@given(st.text(min_size=1, max_size=300) | st.text("aZ .:/\\~-\x00\x1f\x7fC", max_size=8) | st.just(".syncagent"))
def test_what_is_plainly_a_name_is_a_name(name: str) -> None:
    if is_plain_name(name):
        assert check_any_name(name) == name


@pytest.mark.parametrize(("copy", "original"), [
    ("a (conflict 2026-11-22 Laptop).txt", ("a.txt", "2026-11-22", "Laptop")),
    ("a (conflict 2026-11-22 my.host) 3", ("a", "2026-11-22", "my.host")),
    ("a.txt", ("a.txt", "", "")),
    (" (conflict 2026-11-22 Laptop)", (" (conflict 2026-11-22 Laptop)", "", "")),
])  # fmt: skip
def test_of_a_conflict_copy_it_is_known_what_it_stepped_aside_from(copy: str, original: tuple[str, str, str]) -> None:
    assert conflict_of(copy) == original


@given(st.text("a.é (", min_size=1, max_size=255), st.text(max_size=8))
def test_what_both_are_to_stay_is_called_is_a_name_of_no_conflict_copy(stem: str, machine: str) -> None:
    try:
        copy = conflict_name(check_name(stem), DAY, machine, free)
    except BadName:
        assume(False)
    assume(conflict_of(copy)[1])
    taken = settled_name(copy, free)
    assert check_name(taken) == taken
    assert not is_conflict_name(taken)
    assert settled_name(copy, lambda one: one == taken) != taken
