"""`make` sets up the environment that it works in, with the Python that is asked for, never with another in silence.

What stands in for Pythons here, since a machine has but one or two: a program that says a version, and writes down what
it is called with.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "venv.sh"
PROJECT = SCRIPT.parents[1] / "pyproject.toml"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a script for a shell")

PROGRAM = """\
#!/bin/sh
case "$*" in
    *print*) echo {version} ;;
    --version) echo "Python {version}" ;;
    "-m venv "*)
        echo "$*" >> {called}
        [ {whole} = yes ] || case "$*" in *--without-pip*) ;; *) exit 1 ;; esac
        for venv; do :; done
        case "$*" in *--clear*) rm -rf "$venv" ;; esac
        mkdir -p "$venv/bin" && cp "$0" "$venv/bin/python" && touch "$venv/pyvenv.cfg" ;;
    -c*) ;;
    *) echo "$*" >> {called} ;;
esac
"""


def program(path: Path, *, version: str, whole: bool = True) -> Path:
    """Answers as a Python of that version would; one that is not whole has a pip that does not start."""
    path.parent.mkdir(parents=True, exist_ok=True)
    called = path.with_name("called")
    path.write_text(PROGRAM.format(version=version, called=called, whole="yes" if whole else "no"))
    path.chmod(0o755)
    return path


def called(python: Path) -> list[str]:
    return python.with_name("called").read_text().splitlines()


def made_ready(venv: Path) -> None:
    done = subprocess.run(["cksum"], input=PROJECT.read_bytes(), capture_output=True, check=True)
    (venv / ".ready").write_bytes(done.stdout)


def set_up(venv: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings}
    return subprocess.run([str(SCRIPT), str(venv), ""], capture_output=True, text=True, check=False, env=environment)


def test_it_is_made_with_the_python_that_is_asked_for(tmp_path: Path) -> None:
    venv, python = tmp_path / "venv", program(tmp_path / "python", version="3.14.10")
    ran = set_up(venv, PYTHON=str(python))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"Setting up {venv} with Python 3.14.10\n", "")
    made, installed = called(python)
    assert made == f"-m venv {venv}"
    assert installed.startswith("-m pip install")


def test_one_whose_pip_does_not_start_gets_it_from_the_package_index(tmp_path: Path) -> None:
    venv, python = tmp_path / "venv", program(tmp_path / "python", version="3.14.10", whole=False)
    assert set_up(venv, PYTHON=str(python)).returncode == 0
    assert called(python)[:3] == [f"-m venv {venv}", f"-m venv --without-pip {venv}", f"{SCRIPT.parent}/fetch_pip.py"]


def test_what_is_no_python_is_said_and_no_other_is_taken(tmp_path: Path) -> None:
    ran = set_up(tmp_path / "venv", PYTHON="/bin/false")
    assert ran.returncode == 1
    assert ran.stderr == "PYTHON=/bin/false is no Python 3.11 or later that can make virtual environments\n"
    assert not (tmp_path / "venv").exists()


def test_an_environment_of_another_python_is_not_taken_for_the_one_that_is_asked_for(tmp_path: Path) -> None:
    venv, asked = tmp_path / "venv", program(tmp_path / "python", version="3.14.10")
    program(venv / "bin" / "python", version="3.11.2")
    made_ready(venv)
    ran = set_up(venv, PYTHON=str(asked))
    assert ran.returncode == 1
    assert ran.stderr == (
        f"{venv} has Python 3.11.2, and PYTHON={asked} is 3.14.10: "
        f"say VENV=.venv-3.14 for one beside it, or remove {venv}\n"
    )


def test_one_that_is_ready_is_left_alone(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    python = program(venv / "bin" / "python", version="3.14.10")
    made_ready(venv)
    for settings in ({"PYTHON": ""}, {"PYTHON": str(python)}):
        ran = set_up(venv, **settings)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_one_whose_python_the_system_has_taken_away_is_made_anew(tmp_path: Path) -> None:
    venv, python = tmp_path / "venv", program(tmp_path / "python", version="3.14.10")
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to("/usr/bin/python-of-the-last-release")
    (venv / "pyvenv.cfg").touch()
    made_ready(venv)
    assert set_up(venv, PYTHON=str(python)).returncode == 0
    assert called(python)[0] == f"-m venv --clear {venv}"


def test_what_is_no_environment_is_not_cleared(tmp_path: Path) -> None:
    python = program(tmp_path / "python", version="3.14.10")
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "letter").write_text("dear")
    assert set_up(folder, PYTHON=str(python)).returncode == 0
    assert (folder / "letter").read_text() == "dear"
