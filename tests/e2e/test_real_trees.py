"""Trees as people have them: Python's standard library, and a git checkout that is switched back and forth."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.e2e.machines import Machine, copies, in_sync, tree

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.mark.hazard("N4")
def test_the_standard_library_crosses_and_changes_come_back(machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    library = Path(sysconfig.get_paths()["stdlib"])
    ignored = shutil.ignore_patterns("__pycache__", "site-packages")
    shutil.copytree(library, anna.root / "lib", symlinks=True, ignore=ignored)
    wanted = tree(anna.root)
    assert len(wanted) > 600  # Debian has the tests of it in another package

    in_sync(anna, bert)
    assert bert.tree() == wanted

    for number, path in enumerate(sorted((bert.root / "lib").glob("*.py"))):
        if number % 3 == 0 and not path.is_symlink():  # Debian's has one to a file in /etc
            path.write_text(path.read_text() + f"\n# {number}\n")
    (bert.root / "lib" / "json").rename(bert.root / "json, moved")
    shutil.rmtree(bert.root / "lib" / "unittest")
    wanted = tree(bert.root)

    in_sync(bert, anna)
    assert anna.tree() == wanted
    assert bert.tree() == wanted
    assert not copies(anna.root)


@pytest.mark.hazard("A21", "N4")
def test_a_git_checkout_switched_through_its_commits(machines: tuple[Machine, Machine], tmp_path: Path) -> None:
    anna, bert = machines
    source = Path(__file__).parents[2]
    repository = anna.root / "repo"
    subprocess.run(["git", "clone", "-q", str(source), str(repository)], check=True)
    listed = _git(repository, "rev-list", "--reverse", "HEAD").split()
    commits = listed[:: max(1, len(listed) // 50)][:50]

    for number, commit in enumerate(commits):
        _git(repository, "checkout", "-q", commit)
        if number % 10 == 9:
            in_sync(anna, bert)
            assert bert.tree() == anna.tree()
    in_sync(anna, bert)

    assert bert.tree() == anna.tree()
    assert not copies(bert.root)
    assert _git(bert.root / "repo", "status", "--porcelain") == ""
    _git(bert.root / "repo", "fsck", "--strict")


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", str(repository), *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout
