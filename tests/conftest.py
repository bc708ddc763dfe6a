"""For all tests."""

from __future__ import annotations

import signal
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# No test is a test of how fast this machine is just now.
settings.register_profile("searching", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# What has passed passes again: whether a change is taken is no matter of chance.  `make properties` goes on searching.
settings.register_profile("same", settings.get_profile("searching"), derandomize=True)
settings.load_profile("same")

# A shell has what it starts in the background ignore SIGINT, and the programs of the tests would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What was captured may hold names that are no valid text: a worker of xdist could not send it, and would end."""
    report = yield
    report.sections = [(title, text.encode("utf-8", "backslashreplace").decode()) for title, text in report.sections]
    return report
