"""The tests mirror the package: each module has its test module, and each test module tests a module."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]

WITHOUT_TESTS = {
    "__init__.py": "holds the version only",
    "__main__.py": "calls the command line; tests/cli starts it",
    "model/sources.py": "protocols without code",
    "engine/effects.py": "declarations without code",
    "engine/events.py": "declarations without code",
    "engine/rounds.py": "declarations without code",
    "engine/status.py": "declarations without code",
    "planner/policy.py": "declarations without code",
    "planner/tasks.py": "declarations without code",
    "hub/events.py": "declarations without code",
    "hub/tasks.py": "declarations without code",
    "hub/stores/schema.py": "one script; every test of the store runs it",
    "cli/options.py": "declarations without code; tests/cli/test_app.py uses them all",
}
"""Modules that need no test module of their own, and why.  Packages' ``__init__.py`` hold no code."""

NO_MIRROR = {
    "benchmarks",
    "conflicts",
    "conformance",
    "e2e",
    "faults",
    "hostile",
    "meta",
    "packaging",
    "sim",
    "support",
}
"""Folders of tests that are about more than one module."""


def our_modules() -> set[str]:
    package = ROOT / "syncagent"
    found = {path.relative_to(package).as_posix() for path in package.rglob("*.py")}
    return {path for path in found if path.rpartition("/")[2] != "__init__.py" and not path.endswith("/ports.py")}


def our_tests() -> set[str]:
    folder = ROOT / "tests"
    found = {path.relative_to(folder) for path in folder.rglob("test_*.py")}
    return {path.as_posix() for path in found if path.parts[0] not in NO_MIRROR}


def test_each_module_has_its_test_module() -> None:
    wanted = {module: _mirror(module) for module in our_modules() - WITHOUT_TESTS.keys()}
    missing = {module: test for module, test in wanted.items() if test not in our_tests()}
    assert not missing, "these modules have no test module"


def test_each_test_module_has_its_module() -> None:
    mirrored = {_mirror(module) for module in our_modules()}
    assert our_tests() - mirrored == set(), "these test modules are about no module of that name"


def test_the_exceptions_are_still_needed() -> None:
    there = our_modules() | {"__init__.py"}
    assert WITHOUT_TESTS.keys() - there == set(), "these exceptions name no module"
    assert {module for module in WITHOUT_TESTS if _mirror(module) in our_tests()} == set(), "these have tests by now"


def _mirror(module: str) -> str:
    folder, _, name = module.rpartition("/")
    return f"{folder}/test_{name}" if folder else f"test_{name}"
