"""A command line of `run` or `hub` that is plainly right is read without the parser.

That takes 50 ms of each start and 3 MiB for as long as a process runs, which those two do for weeks.  All that is not
plain is left to it: mistakes, of which it says what is wrong, help, and what is asked for seldom.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from syncagent.model.values import fixed

_COUNT: Final = re.compile(r"[1-9][0-9]{0,8}")
_SHARE: Final = re.compile(r"0?\.[0-9]{1,9}|[01]")


def _count(text: str) -> int:
    if _COUNT.fullmatch(text) is None:
        raise ValueError("not a plain number")
    return int(text)


def _share(text: str) -> float:
    if _SHARE.fullmatch(text) is None:
        raise ValueError("not a plain share")
    return float(text)


@fixed
class Option:
    """``reads`` makes a value of its word, or raises ValueError; None for one that has no word.  ``variable`` is heeded
    where it is not given."""

    parameter: str
    reads: Callable[[str], Any] | None = str
    variable: str = ""


RUN: Final = {
    "--data-dir": Option("data_dir", Path, "SYNCAGENT_DATA_DIR"),
    "--profile": Option("profile", variable="SYNCAGENT_PROFILE"),
    "--sync-root": Option("sync_root", Path),
    "--server": Option("server"),
    "--name": Option("name"),
    "--folder": Option("folder"),
    "--new-hub": Option("new_hub", None),
    "--new-folder": Option("new_folder", None),
    "--brake": Option("brake"),
    "--respect-gitignore": Option("respect_gitignore", None),
}
HUB: Final = {
    "--data-dir": Option("data_dir", Path),
    "--listen": Option("listen"),
    "--insecure": Option("insecure", None),
    "--brake": Option("brake", variable="SYNCAGENT_BRAKE"),
    "--brake-files": Option("brake_files", _count, "SYNCAGENT_BRAKE_FILES"),
    "--brake-share": Option("brake_share", _share, "SYNCAGENT_BRAKE_SHARE"),
    "--brake-most": Option("brake_most", _count, "SYNCAGENT_BRAKE_MOST"),
    "--min-free": Option("min_free", variable="SYNCAGENT_MIN_FREE"),
}
COMMANDS: Final[Mapping[str, Mapping[str, Option]]] = {"run": RUN, "hub": HUB}


def read(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[str, dict[str, Any]] | None:
    """The command and what is given to it; None where the parser should look."""
    command, *words = arguments or ("",)
    options = COMMANDS.get(command)
    if options is None:
        return None
    given = _given(words, options)
    for name, option in options.items():
        if given is not None and name not in given and (word := environment.get(option.variable)):
            given[name] = word
    if given is None or "--data-dir" not in given:
        return None
    try:
        return command, {options[name].parameter: _read(options[name], word) for name, word in given.items()}
    except ValueError:
        return None


def _given(words: Sequence[str], options: Mapping[str, Option]) -> dict[str, str] | None:
    given: dict[str, str] = {}
    at = 0
    while at < len(words):
        name, of, word = words[at].partition("=")
        option = options.get(name)
        if option is None or name in given or (of and option.reads is None):
            return None
        if option.reads is not None and not of:
            at += 1
            word = words[at] if at < len(words) else ""
            if word.startswith("-"):
                return None
        given[name] = word
        at += 1
    return given


def _read(option: Option, word: str) -> Any:
    if option.reads is None:
        return True
    if not word:
        raise ValueError("it is empty")
    word.encode()  # what is no text, the parser takes its own way
    return option.reads(word)
