"""What is shown: answers on stdout, all else on stderr.

Text from outside (names of files, words of a hub) passes ``visible`` first, so that it cannot speak to the terminal.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from syncagent.agent.logs import visible


def say(text: str = "") -> None:
    """A line of the answer."""
    _write(sys.stdout, text)


def tell(text: str) -> None:
    """A line about what goes on; not part of the answer."""
    _write(sys.stderr, text)


def complain(text: str) -> None:
    """The one line that says what is wrong."""
    _write(sys.stderr, "syncagent: " + " ".join(text.split("\n")))


def show_json(value: Any) -> None:
    """One JSON document, or one line of several."""
    say(json.dumps(value, ensure_ascii=False, default=str))


def _write(stream: Any, text: str) -> None:
    try:
        print(visible(text), file=stream, flush=True)
    except UnicodeEncodeError:  # a name that is not valid text, or a terminal that has no UTF-8
        encoding = stream.encoding or "ascii"
        print(visible(text).encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
