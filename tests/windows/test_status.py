"""What the kernel answers, in the numbers of POSIX."""

from __future__ import annotations

import errno

import pytest

from syncagent.windows.status import error_of, status_of


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (0xC0000034, FileNotFoundError), (0xC000003A, FileNotFoundError), (0xC0000035, FileExistsError),
        (0xC0000022, PermissionError), (0xC0000103, NotADirectoryError), (0xC00000BA, IsADirectoryError),
    ],
)  # fmt: skip
def test_an_error_is_of_the_kind_that_python_gives_it(status: int, kind: type[OSError]) -> None:
    error = error_of(status, "name")
    assert isinstance(error, kind)
    assert (error.filename, status_of(error)) == ("name", status)


@pytest.mark.hazard("B1")
@pytest.mark.parametrize("status", [0xC0000043, 0xC0000054, 0xC0000056, 0xC0000121, 0xC0000243])
def test_what_somebody_has_open_passes_by_itself(status: int) -> None:
    error = error_of(status)
    assert error.errno == errno.EBUSY
    assert "open" in (error.strerror or "")


@pytest.mark.parametrize(("status", "number"), [(0xC000007F, errno.ENOSPC), (0xC0000044, errno.EDQUOT)])
def test_a_full_disk_is_one(status: int, number: int) -> None:
    assert error_of(status).errno == number


def test_what_is_not_known_is_told_by_its_number() -> None:
    error = error_of(0xC000CF00)
    assert (error.errno, error.strerror) == (errno.EIO, "status 0xc000cf00 of the system")
    assert status_of(OSError(1, "of another kind")) == 0
