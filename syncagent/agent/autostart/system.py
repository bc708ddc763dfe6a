"""Runs the programs of the system that are asked and told what starts at login."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from syncagent.agent.autostart.program import environment_for_others
from syncagent.errors import SyncAgentError
from syncagent.model.values import fixed

_SECONDS: Final = 60.0


@fixed
class Answer:
    code: int
    output: str
    trouble: str


@fixed
class System:
    """Runs the system's own programs."""

    environment: Mapping[str, str]

    def ask(self, *command: str) -> Answer:
        try:
            run = subprocess.run(  # noqa: S603 - words of ours, and no shell
                command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_SECONDS, check=False,
                env=environment_for_others(self.environment),
            )  # fmt: skip
        except FileNotFoundError:
            return Answer(127, "", f"{command[0]} is not there")
        except OSError as error:
            return Answer(126, "", f"{command[0]}: {error.strerror}")
        except subprocess.TimeoutExpired:
            return Answer(124, "", f"{command[0]} did not answer")
        return Answer(run.returncode, _text(run.stdout), _text(run.stderr))

    def tell(self, *command: str) -> None:
        """Raises SyncAgentError when it does not succeed."""
        answer = self.ask(*command)
        if answer.code:
            reason = (answer.trouble or answer.output).strip().splitlines() or [f"code {answer.code}"]
            raise SyncAgentError(f"`{' '.join(command)}` failed: {reason[-1]}")


def _text(output: bytes) -> str:
    """What a program said; `schtasks` may speak UTF-16, or as consoles there did before there was Unicode."""
    if output[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return output.decode("utf-16", "replace")
    return output.decode("oem" if sys.platform == "win32" else "utf-8", "replace")
