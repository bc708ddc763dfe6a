"""The agent, or the tray, as an entry in the desktop's directory ``autostart``."""

from __future__ import annotations

from pathlib import Path

from syncagent.agent.autostart import xdg
from syncagent.agent.autostart.files import read_text
from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.placing import put, take
from syncagent.agent.autostart.ports import Standing
from syncagent.agent.autostart.seal import hand_of
from syncagent.model.values import fixed


@fixed
class DesktopEntry:
    """An entry in the desktop's directory ``autostart``.  ``text`` is what it is to hold."""

    job: Job
    directory: Path
    text: str
    kind: str = "xdg"

    @property
    def where(self) -> str:
        return str(self._path)

    @property
    def _path(self) -> Path:
        return self.directory / f"{self.job.name}.desktop"

    def look(self) -> Standing:
        found = read_text(self._path)
        return Standing(hand_of(found, self.text), found is not None and xdg.starts(found), None)

    def on(self, *, force: bool, start: bool) -> list[str]:
        done = put(self._path, self.text, self.look().hand, force=force)
        return [*done, "the desktop starts it when you log in, not now"] if done and start else done

    def off(self, *, force: bool) -> list[str]:
        before = self.look()
        return take(self._path, before.hand, force=force, still_starts=before.enabled)
