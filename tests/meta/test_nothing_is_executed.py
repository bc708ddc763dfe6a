"""Nothing that comes from outside can become code or a command (G15): what could do that is not used at all."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "syncagent"
MODULES = {"pickle", "marshal", "shelve", "dill", "yaml", "xml", "zipfile", "tarfile", "ctypes", "code"}
"""``ctypes`` is wanted for calls of the system; archives are not read at all, and written where something is to be
sent to those who help."""

ALLOWED = {
    ("agent/doctor/bundle.py", "tarfile"),
    ("agent/doctor/bundle.py", "zipfile"),
    ("agent/guest/under_windows.py", "ctypes"),
    ("agent/priority.py", "ctypes"),
    ("heap.py", "ctypes"),
    ("localfs/syscalls.py", "ctypes"),
    ("localfs/inotify.py", "ctypes"),
    ("windows/addresses.py", "ctypes"),
    ("windows/clocks.py", "ctypes"),
    ("windows/changes.py", "ctypes"),
    ("windows/files.py", "ctypes"),
    ("windows/libraries.py", "ctypes"),
    ("windows/security.py", "ctypes"),
}
CALLS = {"eval", "exec", "compile", "__import__"}


def uses(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                found |= {one.name.partition(".")[0] for one in names} & MODULES
            case ast.ImportFrom(module=str() as module):
                found |= {module.partition(".")[0]} & MODULES
            case ast.Call(func=ast.Name(id=name)) if name in CALLS:
                found.add(name)
            case ast.Call(func=ast.Attribute(attr="system" | "popen" as name)):
                found.add(name)
            case ast.keyword(arg="shell"):
                found.add("shell")
    return found


@pytest.mark.hazard("G15")
def test_nothing_is_executed() -> None:
    found = {
        (path.relative_to(PACKAGE).as_posix(), one) for path in PACKAGE.rglob("*.py") for one in uses(path)
    }  # fmt: skip
    assert found - ALLOWED == set()


def test_what_would_be_executed_is_seen(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import pickle, os\nfrom yaml import load\neval('1')\nos.system('x')\nrun('x', shell=True)\n")
    assert uses(bad) == {"pickle", "yaml", "eval", "system", "shell"}
