"""The agent as a launchd agent of this user (macOS)."""

from __future__ import annotations

from pathlib import Path

from syncagent.agent.autostart import launchd
from syncagent.agent.autostart.files import read_text
from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.placing import put, take
from syncagent.agent.autostart.ports import Standing
from syncagent.agent.autostart.seal import Hand, hand_of
from syncagent.agent.autostart.system import System
from syncagent.model.values import fixed


@fixed
class LaunchAgent:
    """A launchd agent of this user (macOS)."""

    job: Job
    directory: Path
    output: Path
    system: System
    domain: str
    kind: str = "launchd"

    @property
    def where(self) -> str:
        return str(self._path)

    @property
    def _path(self) -> Path:
        return self.directory / f"{self._label}.plist"

    @property
    def _label(self) -> str:
        return launchd.label(self.job)

    @property
    def _text(self) -> str:
        return launchd.property_list(self.job, str(self.output))

    def look(self) -> Standing:
        found = read_text(self._path)
        switched_off = self.system.ask("launchctl", "print-disabled", self.domain).output
        words = [line.split() for line in switched_off.splitlines() if f'"{self._label}"' in line]
        off = any(word[-1] in ("true", "disabled") for word in words)
        printed = self.system.ask("launchctl", "print", f"{self.domain}/{self._label}")
        return Standing(hand_of(found, self._text), found is not None and not off, printed.code == 0)

    def on(self, *, force: bool, start: bool) -> list[str]:
        before = self.look()
        done = put(self._path, self._text, before.hand, force=force)
        if not before.enabled:
            self.system.tell("launchctl", "enable", f"{self.domain}/{self._label}")
            done.append(f"enabled {self._label}: it starts when you log in")
        if start and not before.supervised:
            self.system.tell("launchctl", "bootstrap", self.domain, str(self._path))
            done.append(f"started {self._label}")
        elif before.supervised and before.hand is not Hand.CURRENT:
            done.append("the agent that runs goes on as it was started, until your next login")
        return done

    def off(self, *, force: bool) -> list[str]:
        before = self.look()
        return take(self._path, before.hand, force=force, still_starts=before.enabled)
