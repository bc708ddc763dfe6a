"""The agent as a unit of this user's systemd."""

from __future__ import annotations

from pathlib import Path

from syncagent.agent.autostart import systemd
from syncagent.agent.autostart.files import read_text
from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.placing import put, take
from syncagent.agent.autostart.ports import Standing
from syncagent.agent.autostart.seal import Hand, hand_of
from syncagent.agent.autostart.system import System
from syncagent.errors import SyncAgentError
from syncagent.model.values import fixed


@fixed
class SystemdUnit:
    """A unit of this user's systemd."""

    job: Job
    directory: Path
    system: System
    version: int
    kind: str = "systemd"

    @property
    def where(self) -> str:
        return str(self._path)

    @property
    def _path(self) -> Path:
        return self.directory / f"{self.job.name}.service"

    @property
    def _text(self) -> str:
        return systemd.unit(self.job, self.version)

    def look(self) -> Standing:
        known = self._known()
        enabled = known.get("UnitFileState") in ("enabled", "enabled-runtime")
        active = known.get("ActiveState") in ("active", "activating", "reloading")
        return Standing(hand_of(read_text(self._path), self._text), enabled, active)

    def on(self, *, force: bool, start: bool) -> list[str]:
        before = self.look()
        done = put(self._path, self._text, before.hand, force=force)
        unit = self._path.name
        self._systemctl("daemon-reload")
        if not before.enabled:
            self._systemctl("enable", "--quiet", unit)
            done.append(f"enabled {unit}: it starts when you log in")
        read = self._known().get("FragmentPath", "")
        if not (read and Path(read).exists() and self._path.samefile(read)):
            raise SyncAgentError(
                f"systemd reads {read or 'nothing'} for {unit}, and not {self._path}: is XDG_CONFIG_HOME set here only?"
            )
        if start and not before.supervised:
            self._systemctl("start", unit)
            done.append(f"started {unit}")
        elif before.supervised and before.hand is not Hand.CURRENT:
            done.append("the agent that runs goes on as it was started, until its next start")
        return done

    def off(self, *, force: bool) -> list[str]:
        before = self.look()
        done = []
        if before.enabled:
            self._systemctl("disable", "--quiet", self._path.name)
            done.append(f"disabled {self._path.name}")
        done += take(self._path, before.hand, force=force, still_starts=False)
        if done:
            self._systemctl("daemon-reload")
        return done

    def _known(self) -> dict[str, str]:
        names = "UnitFileState,ActiveState,FragmentPath"
        answer = self.system.ask("systemctl", "--user", "show", f"--property={names}", self._path.name)
        return dict(line.split("=", 1) for line in answer.output.splitlines() if "=" in line)

    def _systemctl(self, *words: str) -> None:
        self.system.tell("systemctl", "--user", *words)
