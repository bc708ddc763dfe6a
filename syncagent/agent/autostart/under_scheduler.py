"""The agent as a task of the Windows scheduler."""

from __future__ import annotations

import getpass
import tempfile
from pathlib import Path

from syncagent.agent.autostart import task
from syncagent.agent.autostart.files import write_whole
from syncagent.agent.autostart.job import Job
from syncagent.agent.autostart.placing import check_free
from syncagent.agent.autostart.ports import Standing
from syncagent.agent.autostart.seal import Hand
from syncagent.agent.autostart.system import System
from syncagent.model.values import fixed


@fixed
class LogonTask:
    """A task of the Windows scheduler."""

    job: Job
    system: System
    kind: str = "schtasks"

    @property
    def where(self) -> str:
        return task.task_name(self.job)

    @property
    def _text(self) -> str:
        domain = self.system.environment.get("USERDOMAIN", "")
        return task.task(self.job, f"{domain}\\{getpass.getuser()}".lstrip("\\"))

    def look(self) -> Standing:
        found = self._found()
        enabled = found is not None and task.is_enabled(found)
        return Standing(task.hand_of_task(found, self._text), enabled, None)

    def on(self, *, force: bool, start: bool) -> list[str]:
        before = self.look()
        check_free(self.where, before.hand, force=force)
        done = []
        if before.hand is not Hand.CURRENT or not before.enabled:
            with tempfile.TemporaryDirectory(prefix="syncagent-") as directory:
                path = Path(directory) / "task.xml"
                write_whole(path, self._text.replace("\n", "\r\n").encode("utf-16"))
                self.system.tell("schtasks", "/create", "/tn", self.where, "/xml", str(path), "/f")
            done.append(f"registered the task {self.where}: it starts when you log in")
        if start:
            self.system.tell("schtasks", "/run", "/tn", self.where)
            done.append(f"started {self.where}")
        return done

    def off(self, *, force: bool) -> list[str]:
        before = self.look()
        if before.hand is Hand.ABSENT:
            return []
        check_free(self.where, before.hand, force=force)
        self.system.tell("schtasks", "/delete", "/tn", self.where, "/f")
        return [f"removed the task {self.where}"]

    def _found(self) -> str | None:
        answer = self.system.ask("schtasks", "/query", "/tn", self.where, "/xml")
        return answer.output if answer.code == 0 else None
