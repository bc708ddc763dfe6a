"""Lets a person edit config.toml in their own editor: a copy, which takes the file's place only when all is right."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from syncagent.agent.config.document import text_of
from syncagent.agent.config.reading import check_text
from syncagent.agent.config.writing import alone, fresh, put
from syncagent.agent.places import Places
from syncagent.agent.spawning import words_of
from syncagent.cli.output import tell
from syncagent.errors import BadConfig, SyncAgentError
from syncagent.private import write_private

USUAL: Final = ("sensible-editor", "nano", "vi")


def ask_again() -> bool:
    """Whether the person wants to mend it; nobody is asked where nobody sits."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print("syncagent: edit it again? [Y/n] ", end="", file=sys.stderr, flush=True)  # noqa: T201 - a question
    return sys.stdin.readline().strip().lower() in ("", "y", "yes")


def edit_settings(spot: Places, environment: Mapping[str, str], again: Callable[[], bool] = ask_again) -> bool:
    """Whether the file was changed.  Raises BadConfig when what was written is wrong, and was not mended: what the
    person wrote is kept beside the file."""
    editor = editor_in(environment)
    before = text_of(spot.config)
    copy = spot.config.with_name("config.edited.toml")
    write_private(copy, before or fresh())
    while True:
        _run(editor, copy)
        text = text_of(copy)
        if text == (before or fresh()):
            copy.unlink(missing_ok=True)
            return False
        try:
            check_text(text, spot)
        except BadConfig as error:
            said = str(error).replace(str(spot.config), str(copy))
            tell(f"syncagent: {said}")
            if again():
                continue
            raise BadConfig(f"nothing was changed; what you wrote is in {copy}") from None
        with alone(spot):
            if text_of(spot.config) != before:
                raise BadConfig(f"{spot.config} was changed by someone else meanwhile; what you wrote is in {copy}")
            put(spot, text)
        copy.unlink(missing_ok=True)
        return True


def editor_in(environment: Mapping[str, str]) -> list[str]:
    """The person's editor, as words of a command.  Raises SyncAgentError when there is none."""
    for name in ("VISUAL", "EDITOR"):
        if words := words_of(environment.get(name, "")):
            return words
    if found := next((found for usual in USUAL if (found := shutil.which(usual))), None):
        return [found]
    raise SyncAgentError("there is no editor: set EDITOR to the one that you use")


def _run(editor: list[str], file: Path) -> None:
    try:
        done = subprocess.run([*editor, str(file)], check=False)  # noqa: S603 - the person's own program
    except OSError as error:
        raise SyncAgentError(f"the editor {editor[0]} cannot be started: {error.strerror}") from None
    if done.returncode:
        raise SyncAgentError(f"the editor {editor[0]} ended with {done.returncode}: nothing was changed")
