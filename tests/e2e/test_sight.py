"""Where the system loses sight of changes: it is said, made good by looking, and nothing stays unseen (A1, A2)."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.machines import HubProcess, Machine, in_sync, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="about the queue and the limits of inotify"),
]


@pytest.mark.hazard("A1", "E10", "N15")
def test_more_changes_than_the_system_keeps_account_of(machines: tuple[Machine, Machine]) -> None:
    anna, bert = machines
    queue = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    (anna.root / "deep" / "folder").mkdir(parents=True)
    in_sync(anna, bert)
    assert anna.process is not None
    anna.process.send_signal(signal.SIGSTOP)
    for number in range(queue // 4 + 100):  # two names by turns, two events each: none is folded into the one before
        for name in ("a", "b"):
            (anna.root / name).write_text(str(number))
    (anna.root / "deep" / "folder" / "late").write_text("its event is lost")
    (anna.root / "deep" / "made late" / "inner").mkdir(parents=True)
    anna.process.send_signal(signal.SIGCONT)
    until(lambda: anna.status()["watch"]["overflows"] >= 1, lambda: str(anna.status()), pause=0.2)
    until(lambda: bert.tree() == anna.tree(), anna.output, pause=0.1)
    (anna.root / "deep" / "made late" / "inner" / "after").write_text("seen as it happens again")
    until(lambda: bert.tree() == anna.tree(), anna.output, pause=0.1)
    in_sync(anna, bert)


@pytest.mark.hazard("A2", "N15")
@pytest.mark.parametrize("limit", ["max_inotify_watches=20", "max_inotify_instances=0"])
def test_fewer_watches_than_folders(tmp_path: Path, hub: HubProcess, limit: str) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-Ur", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs a user namespace to have limits of its own")
    name, number = limit.split("=")
    anna, bert = Machine("anna", tmp_path, hub), Machine("bert", tmp_path, hub)
    limited = f'echo {number} > /proc/sys/user/{name}; exec "$@"'
    try:
        for folder in range(60):
            (anna.root / f"{folder}").mkdir()
        anna.prefix = (unshare, "-Ur", "sh", "-c", limited, "sh")
        anna.start()
        bert.start()
        until(lambda: anna.status()["watch"]["degraded"], anna.output, pause=0.2)
        assert "fs.inotify.max_user_" in anna.ask("status").stdout, "what to do about it is said"
        (anna.root / "59" / "unseen").write_text("found by looking")
        in_sync(anna, bert)
        assert bert.tree() == anna.tree()
        assert (bert.root / "59" / "unseen").exists()
        assert anna.status()["watch"]["degraded"]
    finally:
        anna.kill()
        bert.kill()
