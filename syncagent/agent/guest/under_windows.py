"""What Windows says of its power, and of what the network costs: by ctypes, with the libraries given from outside."""

from __future__ import annotations

import ctypes
from typing import Any, Final
from uuid import UUID

from syncagent.agent.guest.deciding import Conditions
from syncagent.windows.libraries import library

_LIST_MANAGER: Final = UUID("dcb00c01-570f-4a9b-8d69-199fdba5723b")
_COST_MANAGER: Final = UUID("dcb00008-570f-4a9b-8d69-199fdba5723b")
_ANY_CONTEXT: Final = 0x17
_RELEASE: Final = 2
_GET_COST: Final = 3
"""The places of these two in the table of the object's methods."""

_UNRESTRICTED: Final = 0x1
_COSTS: Final = 0x2 | 0x4 | 0x10000 | 0x40000
"""A fixed or a variable price, beyond the limit of the plan, roaming."""

_UNKNOWN_BYTE: Final = 255
_NO_BATTERY: Final = 0x80

_method = getattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE)
_Release: Final = _method(ctypes.c_ulong, ctypes.c_void_p)
_GetCost: Final = _method(ctypes.c_long, ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint32), ctypes.c_void_p)


class PowerStatus(ctypes.Structure):
    """SYSTEM_POWER_STATUS."""

    _fields_ = [
        ("line", ctypes.c_ubyte),
        ("battery", ctypes.c_ubyte),
        ("percent", ctypes.c_ubyte),
        ("saver", ctypes.c_ubyte),
        ("seconds", ctypes.c_uint32),
        ("full_seconds", ctypes.c_uint32),
    ]


def asked() -> Conditions:
    """How it stands with the machine.  Blocks."""
    return conditions(library("kernel32"), library("ole32"))


def conditions(kernel32: Any, ole32: Any) -> Conditions:
    """The same, by these libraries."""
    power, found = PowerStatus(), Conditions(metered=metered(ole32))
    if not kernel32.GetSystemPowerStatus(ctypes.byref(power)):
        return found
    there = power.battery != _UNKNOWN_BYTE and not power.battery & _NO_BATTERY
    return Conditions(
        found.metered,
        {0: True, 1: False}.get(power.line),
        float(power.percent) if there and power.percent != _UNKNOWN_BYTE else None,
        power.saver == 1,
    )


def metered(ole32: Any) -> bool | None:
    """Whether the way to the internet costs; None where that is not told."""
    begun = ole32.CoInitializeEx(None, 0)
    try:
        manager = ctypes.c_void_p()
        what, how = (ctypes.create_string_buffer(one.bytes_le, 16) for one in (_LIST_MANAGER, _COST_MANAGER))
        if ole32.CoCreateInstance(what, None, _ANY_CONTEXT, how, ctypes.byref(manager)) or not manager.value:
            return None
        try:
            cost = ctypes.c_uint32()
            failed = _GetCost(_at(manager.value, _GET_COST))(manager.value, ctypes.byref(cost), None)
            return None if failed else _said(cost.value)
        finally:
            _Release(_at(manager.value, _RELEASE))(manager.value)
    finally:
        if begun >= 0:
            ole32.CoUninitialize()


def _said(cost: int) -> bool | None:
    if cost & _COSTS:
        return True
    return False if cost & _UNRESTRICTED else None


def _at(thing: int, place: int) -> int:
    """The address of a method of a COM object: what it begins with leads to a table of them."""
    table = ctypes.c_void_p.from_address(thing).value or 0
    return ctypes.c_void_p.from_address(table + place * ctypes.sizeof(ctypes.c_void_p)).value or 0
