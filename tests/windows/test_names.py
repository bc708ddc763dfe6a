"""What may be a name on Windows."""

from __future__ import annotations

import pytest

from syncagent.windows.names import is_too_long, refuses


@pytest.mark.hazard("C3")
@pytest.mark.parametrize(
    "name",
    [
        "con", "CON", "Con.txt", "con.tar.gz", "con .txt", "prn", "aux.c", "nul", "NUL.", "com1", "com0.x", "lpt9",
        "com²", "conin$", "CONOUT$.log", "a.", "a ", " ", ".", "..", "a:b", "a:", "a\\b", "a/b", "a\0", "a\x1f", "a<",
        "a>", 'a"', "a|b", "a?", "*",
    ],
)  # fmt: skip
def test_what_means_something_else_is_refused(name: str) -> None:
    assert refuses(name)


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "conx",
        "co",
        "xcon",
        "com",
        "com10",
        "console.txt",
        ".a",
        " a",
        "a b",
        "a.b.c",
        "lpt",
        "ä",
        "~$a",
        "-",
        "aux_",
    ],
)
def test_what_only_looks_like_it_is_a_name(name: str) -> None:
    assert not refuses(name)


def test_a_name_has_so_many_units_of_utf_16() -> None:
    assert not is_too_long("n" * 255)
    assert is_too_long("n" * 256)
    assert is_too_long("\U0001f600" * 128)
    assert not is_too_long("\U0001f600" * 127)
