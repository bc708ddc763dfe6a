"""The unit under a real user manager of systemd, in namespaces of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SYSTEMD = Path("/lib/systemd/systemd")

MANAGER = """
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/user/0
chmod 700 /run/user/0
umount -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
group=/sys/fs/cgroup/syncagent-test-$PORT
mkdir -p "$group"
echo $$ > "$group/cgroup.procs"
export XDG_RUNTIME_DIR=/run/user/0 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/0/bus
unshare --cgroup "$1" --user > "$HOME/systemd.log" 2>&1 &
for i in $(seq 300); do
    systemctl --user is-system-running 2>/dev/null | grep -Eq 'running|degraded' && break
    sleep 0.1
done
systemctl --user show --property=Version | grep -q Version= || exit 77
shift
code=0
"$@" || code=$?
systemctl --user exit || true
wait || true
echo $$ > /sys/fs/cgroup/cgroup.procs
find "$group" -depth -type d -exec rmdir {} + || true
exit $code
"""

WALK = """
set -e
say() { printf '%s\\t' "$1"; shift; "$@" | tr '\\n' ' '; echo; }
"$PYTHON" -P -m syncagent up "$HOME/folder" --background --listen 127.0.0.1:$PORT > "$HOME/up.log"
"$PYTHON" -P -m syncagent stop > /dev/null
agent() { "$PYTHON" -P -m syncagent "$@"; }
answers() { for i in $(seq 200); do agent status > /dev/null 2>&1 && return; sleep 0.1; done; false; }
say on agent autostart on --json
echo one > "$HOME/folder/one"
agent wait --timeout 60 > /dev/null
say synced agent autostart status --json
first=$(systemctl --user show --property=MainPID --value syncagent)
kill -9 "$first"
for i in $(seq 300); do
    second=$(systemctl --user show --property=MainPID --value syncagent)
    [ "$second" != 0 ] && [ "$second" != "$first" ] && break
    sleep 0.1
done
answers
echo two > "$HOME/folder/two"
agent wait --timeout 60 > /dev/null
say again agent autostart status --json
agent stop > /dev/null
for i in $(seq 100); do systemctl --user is-active --quiet syncagent || break; sleep 0.1; done
say stopped agent autostart on --json
say off agent autostart off --json
agent stop > /dev/null
"""


@pytest.mark.slow
@pytest.mark.e2e
def test_systemd_starts_it_and_starts_it_again(tmp_path: Path) -> None:
    if os.geteuid() != 0 or not SYSTEMD.exists() or shutil.which("unshare") is None:
        pytest.skip("a user manager of its own needs root, systemd and unshare")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHON": sys.executable, "LANG": "C.UTF-8",
        "PORT": str(20_000 + os.getpid() % 10_000), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }  # fmt: skip
    run = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "bash", "-c", MANAGER, "manager", str(SYSTEMD),
         "bash", "-c", WALK],
        env=environment, capture_output=True, text=True, timeout=110,
    )  # fmt: skip
    if run.returncode == 77 or "Operation not permitted" in run.stderr:
        pytest.skip(f"no user manager can be run here: {run.stderr[-200:]}")
    assert run.returncode == 0, run.stdout + run.stderr
    said = {name: json.loads(told) for name, _, told in (line.partition("\t") for line in run.stdout.splitlines())}
    assert [line.split()[0] for line in said["on"]["did"]] == ["wrote", "enabled", "started"]
    for name in ("on", "synced", "again", "stopped"):
        assert (said[name]["on"], said[name]["running"], said[name]["supervised"]) == (True, True, True), name
    assert [line.split()[0] for line in said["stopped"]["did"]] == ["started"], (
        "`stop` is no failure: it stayed stopped"
    )
    assert said["off"]["did"] == [
        "disabled syncagent.service", f"removed {said['on']['where']}",
        "the agent that runs goes on until `syncagent stop`",
    ]  # fmt: skip
    assert (said["off"]["on"], said["off"]["installed"]) == (False, False)
