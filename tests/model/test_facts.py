"""Stamps: equal only when nothing has been touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncagent.model.facts import STEPS_NS, UNSURE, Unpacked, is_kept_as, stamp, unpack

FIGURES = {"device": 2049, "inode": 77, "size": 5, "mtime_ns": -1, "ctime_ns": 2**62, "mode": 0o100644}

unsigned = st.integers(0, 2**64 - 1)
signed = st.integers(-(2**63), 2**63 - 1)


@given(device=unsigned, inode=unsigned, size=unsigned, mtime_ns=signed, ctime_ns=signed, mode=st.integers(0, 2**32 - 1))
def test_a_stamp_holds_its_figures(**figures: int) -> None:
    assert unpack(stamp(**figures)) == Unpacked(**figures)


@pytest.mark.parametrize("figure", FIGURES)
def test_a7_any_other_figure_is_another_stamp(figure: str) -> None:
    assert stamp(**FIGURES) != stamp(**FIGURES | {figure: FIGURES[figure] + 1})


def test_a8_the_unsure_stamp_is_none_that_a_file_can_have_and_tells_nothing() -> None:
    assert stamp(**dict.fromkeys(FIGURES, 0)) != UNSURE
    assert unpack(UNSURE) is None
    assert not UNSURE


def test_a_device_number_of_any_size_and_sign_is_taken() -> None:
    assert stamp(**FIGURES | {"device": -1}) != stamp(**FIGURES | {"device": 1})
    assert stamp(**FIGURES | {"inode": 2**64 + 5}) == stamp(**FIGURES | {"inode": 5})


@pytest.mark.hazard("B16")
@given(mtime_ns=signed, step=st.sampled_from(STEPS_NS))
def test_what_a_disk_makes_of_a_time_is_no_other_time(mtime_ns: int, step: int) -> None:
    assert is_kept_as(mtime_ns, mtime_ns - mtime_ns % step)
    assert not is_kept_as(mtime_ns, mtime_ns + 1)
    assert not is_kept_as(mtime_ns, mtime_ns - max(STEPS_NS))
