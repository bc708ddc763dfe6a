"""The command `tray`; tests/desktop/test_app.py runs it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from syncagent.desktop import app

Command = Callable[..., tuple[int, str, str]]


def test_options_are_handed_on(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Any] = []
    monkeypatch.setattr(app, "run_tray", lambda spot, options: found.append(options))
    assert command("tray")[0] == 0
    assert command("tray", "--no-tray", "--symbolic")[0] == 0
    assert [(one.tray, one.open_page, one.symbolic) for one in found] == [(True, False, False), (False, True, True)]


def test_what_is_not_installed_is_named(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "syncagent.desktop.app", None)
    code, out, err = command("tray")
    assert (code, out) == (1, "")
    assert "pip install 'syncagent[tray]'" in err


@pytest.mark.skipif(sys.platform != "linux", reason="the bus is Linux's")
def test_what_is_missed_only_once_it_runs_is_named_as_well(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "syncagent.desktop.bus.panel", raising=False)
    monkeypatch.setitem(sys.modules, "dbus_fast", None)
    code, out, err = command("tray")
    assert (code, out) == (1, "")
    assert "pip install 'syncagent[tray]'" in err
