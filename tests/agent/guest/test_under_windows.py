"""What Windows is asked, with libraries that answer as its own are documented to; the object with the network's cost is
one in memory, with a table of methods as COM has it."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import pytest

from syncagent.agent.guest import under_windows
from syncagent.agent.guest.deciding import Conditions
from syncagent.agent.guest.under_windows import PowerStatus, conditions, metered


class Kernel32:
    def __init__(self, *fields: int, works: bool = True) -> None:
        self.fields, self.works = fields, works

    def GetSystemPowerStatus(self, status: Any) -> int:  # noqa: N802 - the system's name
        power = ctypes.cast(status, ctypes.POINTER(PowerStatus)).contents
        power.line, power.battery, power.percent, power.saver = self.fields
        return int(self.works)


class Ole32:
    """``cost`` None: there is no such object."""

    def __init__(self, cost: int | None, *, failed: int = 0, begun: int = 0) -> None:
        self.cost, self.failed, self.begun = cost, failed, begun
        self.told: list[str] = []
        pointers = ctypes.c_void_p * 4
        self._methods = (under_windows._Release(self._release), under_windows._GetCost(self._get_cost))
        release, get_cost = (ctypes.cast(one, ctypes.c_void_p).value for one in self._methods)
        self._table = pointers(None, None, release, get_cost)
        self._object = ctypes.c_void_p(ctypes.addressof(self._table))

    def CoInitializeEx(self, reserved: None, kind: int) -> int:  # noqa: N802 - the system's name
        self.told.append("begin")
        return self.begun

    def CoUninitialize(self) -> None:  # noqa: N802 - the system's name
        self.told.append("end")

    def CoCreateInstance(self, what: Any, outer: None, context: int, how: Any, made: Any) -> int:  # noqa: N802
        assert bytes(what)[:4] == bytes.fromhex("010cb0dc")
        assert bytes(how)[:4] == bytes.fromhex("0800b0dc")
        if self.cost is None:
            return -2147221164
        ctypes.cast(made, ctypes.POINTER(ctypes.c_void_p))[0] = ctypes.addressof(self._object)
        return 0

    def _get_cost(self, this: int, cost: Any, address: Any) -> int:
        assert this == ctypes.addressof(self._object)
        cost[0] = self.cost
        return self.failed

    def _release(self, this: int) -> int:
        self.told.append("released")
        return 0


@pytest.mark.parametrize(
    ("cost", "said"),
    [(0, None), (1, False), (2, True), (4, True), (1 | 0x40000, True), (2 | 0x80000, True), (1 | 0x20000, False)],
)
def test_what_the_network_costs(cost: int, said: bool | None) -> None:
    ole32 = Ole32(cost)
    assert metered(ole32) is said
    assert ole32.told == ["begin", "released", "end"]


def test_what_is_not_told_is_not_known_and_all_is_given_back() -> None:
    ole32 = Ole32(None)
    assert metered(ole32) is None
    assert ole32.told == ["begin", "end"]
    ole32 = Ole32(2, failed=-2147467259)
    assert metered(ole32) is None
    assert ole32.told == ["begin", "released", "end"]
    ole32 = Ole32(2, begun=-2147417850)  # the thread is used in another way already, which is as well
    assert metered(ole32) is True
    assert ole32.told == ["begin", "released"]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ((0, 1, 57, 0), Conditions(False, True, 57.0, False)),
        ((0, 4, 4, 1), Conditions(False, True, 4.0, True)),
        ((1, 9, 80, 0), Conditions(False, False, 80.0, False)),
        ((1, 128, 255, 0), Conditions(False, False, None, False)),
        ((255, 255, 255, 0), Conditions(False, None, None, False)),
    ],
)
def test_power(fields: tuple[int, ...], found: Conditions) -> None:
    assert conditions(Kernel32(*fields), Ole32(1)) == found


def test_a_system_that_says_nothing_of_power() -> None:
    assert conditions(Kernel32(0, 0, 0, 0, works=False), Ole32(2)) == Conditions(metered=True)


@pytest.mark.skipif(sys.platform == "win32", reason="there they are")
def test_elsewhere_there_are_no_such_libraries() -> None:
    with pytest.raises(OSError, match="kernel32 is a library of Windows"):
        under_windows.asked()
