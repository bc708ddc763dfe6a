"""What may not be read or written is left alone, is listed, holds up nothing else, and goes on when it may be again."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.machines import HubProcess, Machine, in_sync, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

AS_ANYONE = ("setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search,-fowner")
"""Root without the right to pass over permissions; who is not root has none to drop."""


@pytest.fixture
def machines(tmp_path: Path, hub: HubProcess) -> Iterator[tuple[Machine, Machine]]:
    pair = Machine("anna", tmp_path, hub), Machine("bert", tmp_path, hub)
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None or subprocess.run([*AS_ANYONE, "true"], check=False).returncode:
            pytest.skip("root may read everything, and cannot be kept from it here")
        for machine in pair:
            machine.prefix = AS_ANYONE
    for machine in pair:
        machine.start()
    yield pair
    for machine in pair:
        machine.kill()


def listed(machine: Machine) -> dict[str, str]:
    status = machine.status()
    return {row["path"]: row["reason"] for row in (*status["skipped"], *status["held"])}


@pytest.mark.hazard("A13", "A14", "B10", "N10", "N15", "N19")
def test_what_may_not_be_read_or_written_waits_until_it_may(machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    (anna.root / "locked" / "inner").mkdir(parents=True)
    (anna.root / "locked" / "inner" / "a").write_text("1")
    (anna.root / "secret").write_text("2")
    (anna.root / "fixed").mkdir()
    (anna.root / "fixed" / "b").write_text("3")
    in_sync(anna, bert)
    before = bert.tree()

    with (anna.root / "secret").open("r+") as secret:
        (anna.root / "secret").chmod(0)  # before the write: an agent is fast enough to read between the two
        secret.write("changed, and closed to us")
    (anna.root / "locked").chmod(0)
    (bert.root / "fixed").chmod(0o555)
    (anna.root / "fixed" / "b").write_text("new")
    (anna.root / "fixed" / "c").write_text("new")
    (anna.root / "beside").write_text("goes on")
    until(lambda: "beside" in bert.tree(), anna.output, pause=0.2)
    anna.ask("wait", "--timeout", "5")
    bert.ask("wait", "--timeout", "5")
    assert {path: what for path, what in bert.tree().items() if path != "beside"} == before, "nothing was deleted"
    assert {"secret", "locked"} <= listed(anna).keys()
    assert set(listed(anna).values()) == {"permission denied"}
    assert "permission denied" in listed(bert).values()
    assert (bert.root / "fixed").stat().st_mode & 0o777 == 0o555, "it is not for us to open it"

    (anna.root / "secret").chmod(0o644)
    (anna.root / "locked").chmod(0o755)
    (bert.root / "fixed").chmod(0o755)
    until(lambda: bert.tree() == anna.tree(), lambda: f"{listed(anna)} {listed(bert)}", pause=0.2)
    in_sync(anna, bert)
    assert (bert.root / "secret").read_text() == "changed, and closed to us"
    assert (bert.root / "fixed" / "c").read_text() == "new"
    assert listed(anna) == listed(bert) == {}
