"""The unit, as systemd's own tool reads it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.seal import Hand, hand_of
from syncagent.agent.autostart.systemd import quoted, unit, version_in


@pytest.mark.parametrize(
    ("text", "number"), [("252.38-1~deb12u1\n", 252), ("v257", 257), ("254-rc1", 254), ("", 0), ("no", 0)]
)
def test_the_version_of_systemd_is_read(text: str, number: int) -> None:
    assert version_in(text) == number


def test_a_restart_waits_longer_each_time_where_systemd_knows_how(job: Job) -> None:
    assert "RestartSteps=" in unit(job, 254)
    assert "RestartSteps=" not in unit(job, 253)
    for version in (252, 257):
        assert "Restart=on-failure" in unit(job, version)
        assert "RestartPreventExitStatus=6" in unit(job, version)


def test_the_unit_is_sealed(job: Job) -> None:
    assert hand_of(unit(job, 252), unit(job, 257)) is Hand.OUTDATED


@pytest.mark.hazard("G5")
def test_no_key_stands_in_the_unit(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNCAGENT_API_KEY", "the-secret-key")
    assert "the-secret-key" not in unit(job, 252)
    assert "Environment" not in unit(job, 252)


def test_words_are_quoted() -> None:
    assert quoted("a b") == '"a b"'
    assert quoted('50% "x" \\') == '"50%% \\"x\\" \\\\"'
    assert quoted("$HOME") == '"$HOME"', "the colon of ExecStart= takes its meaning away"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
@pytest.mark.parametrize("version", [252, 254])
@pytest.mark.parametrize("which", ["job", "hard_job"])
def test_systemd_finds_nothing_to_say_against_it(
    which: str, version: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "syncagent.service"
    path.write_text(unit(request.getfixturevalue(which), version), encoding="utf-8")
    here = version_in(
        subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True).stdout.split()[1]
    )
    run = subprocess.run(["systemd-analyze", "--user", "verify", str(path)], capture_output=True, text=True)
    # Other units of this machine may be wrong, and an older systemd does not know the words that came later.
    ours = [line for line in run.stderr.splitlines() if "syncagent.service" in line or str(path) in line]
    if here < version:
        ours = [line for line in ours if "RestartSteps" not in line and "RestartMaxDelaySec" not in line]
    assert ours == []
