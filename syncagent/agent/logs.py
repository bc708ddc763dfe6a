"""The agent's log: a file that is turned over when it has grown, for the user's eyes alone.

Two things are true of every line, whatever code or library wrote it: no key is in it, and no control character, so that
a file's name can neither forge a line nor speak to a terminal (HAZARDS G7, G14).
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
from collections.abc import Collection
from datetime import UTC, datetime
from enum import Enum
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final, TextIO

from syncagent.private import UNFOLLOWED, make_private

FILE_BYTES: Final = 5 << 20
FILES_KEPT: Final = 4
HIDDEN: Final = "[hidden]"

_SECRET: Final = re.compile(
    r"""(?ix) (?P<what> api[_-]?key | token | password | authorization | secret )
              (?P<between> ["']? \s* [:=] \s* (?: bearer \s+ )? ["']? )
              (?P<value> [^\s"',;&})]+ )"""
)
_WORDS: Final = ("key", "token", "password", "authorization", "secret")
"""Without one of these a line has nothing that _SECRET looks for.  To look for that takes longer than all else."""
_LINK: Final = re.compile(r"(?i)\bsyncagent(?:\+\w+)?:(?://)?[^\s\"'<>]+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Redaction:
    """Takes keys out of text: those that are given, and whatever looks like one."""

    __slots__ = ("_known",)

    def __init__(self, secrets: Collection[str] = ()) -> None:
        # The longest first: one secret may begin like another.
        known = sorted((s for s in secrets if len(s) >= 8), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        if text.isascii() and not any(word in (small := text.lower()) for word in _WORDS) and "syncagent" not in small:
            return text
        text = _LINK.sub(HIDDEN, text)
        return _SECRET.sub(lambda found: f"{found['what']}{found['between']}{HIDDEN}", text)


def visible(text: str) -> str:
    """``text`` with its control characters (and those that turn the direction of writing) spelled out.  Line breaks
    and tabs stay."""
    if text.isprintable():
        return text
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class PlainLines(logging.Formatter):
    """``2026-11-22T23:18:00.123Z INFO engine: text``; what follows in a record's later lines is indented."""

    def __init__(self, redact: Redaction) -> None:
        super().__init__()
        self._redact = redact
        self._last: tuple[logging.LogRecord, str] | None = None
        """The record that was shown last, and how: the file and stderr show the same."""

    def format(self, record: logging.LogRecord) -> str:
        if self._last is None or self._last[0] is not record:
            name = record.name.removeprefix("syncagent.")
            text = visible(self._redact(_whole(self, record))).replace("\n", "\n    ")
            self._last = record, f"{_instant(record)} {record.levelname} {name}: {text}"
        return self._last[1]


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, text, and ``trace`` where there was an exception."""

    def __init__(self, redact: Redaction) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _instant(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": visible(self._redact(record.getMessage())),
        }
        if record.exc_info:
            line["trace"] = visible(self._redact(self.formatException(record.exc_info)))
        return json.dumps(line, ensure_ascii=False)


def _whole(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    message = record.getMessage()
    return f"{message}\n{formatter.formatException(record.exc_info)}" if record.exc_info else message


def _instant(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class TroubleLines(logging.Formatter):
    """``syncagent: text``, in one line, for the one who sits before it; the rest is in the file."""

    def __init__(self, redact: Redaction) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return "syncagent: " + visible(self._redact(record.getMessage())).replace("\n", "\\n")


class Echo(Enum):
    """What of the log is shown on stderr too."""

    NONE = "none"
    TROUBLE = "trouble"
    ALL = "all"


class PrivateRotatingFile(RotatingFileHandler):
    """A log file that is made with mode 0600, and never through a link."""

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - the library's name
        # The library asks the file system for more, and goes to the end of the file first.
        self.stream = self.stream or self._open()
        return os.fstat(self.stream.fileno()).st_size + len(self.format(record)) >= self.maxBytes

    def _open(self) -> io.TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | UNFOLLOWED
        # A name with a lone surrogate (bytes that are no UTF-8) must not stop the log.
        return io.TextIOWrapper(
            os.fdopen(os.open(self.baseFilename, flags, 0o600), "ab"),
            encoding="utf-8",
            errors="backslashreplace",
            write_through=True,
        )


class _Shown(logging.StreamHandler[TextIO]):
    """What is echoed to stderr."""

    def __init__(self, echo: Echo) -> None:
        super().__init__()
        self._echo = echo
        self.setLevel(logging.NOTSET if echo is Echo.ALL else logging.WARNING)

    def write_as(self, formatter: logging.Formatter, redact: Redaction) -> None:
        self.setFormatter(formatter if self._echo is Echo.ALL else TroubleLines(redact))


def log_to(
    path: Path, *, level: str = "info", form: str = "text", secrets: Collection[str] = (), echo: Echo = Echo.NONE
) -> logging.Handler:
    """Send everything that is logged in this process to ``path`` (made when needed), and what ``echo`` says to stderr.

    ``form`` is "text" or "json".  Gives the file's handler: ``end`` takes it away again.
    """
    make_private(path.parent)
    _tell_no_places()
    root = logging.getLogger()
    handler = PrivateRotatingFile(path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT)
    root.addHandler(handler)
    if echo is not Echo.NONE:
        root.addHandler(_Shown(echo))
    tune(handler, level=level, form=form, secrets=secrets)
    for chatty in ("asyncio", "websockets", "watchdog", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return handler


def _tell_no_places() -> None:
    """No line says in which thread, process, or line of code it was written: to find that out takes as long as all else
    that is done for a line."""
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # as the manual of the library has it


def tune(handler: logging.Handler, *, level: str, form: str, secrets: Collection[str]) -> None:
    """From now on so much is told to what ``log_to`` gave, and to stderr, in this form, and without these secrets."""
    redact = Redaction(secrets)
    formatter = JsonLines(redact) if form == "json" else PlainLines(redact)
    root = logging.getLogger()
    root.setLevel(level.upper())
    handler.setFormatter(formatter)
    for shown in root.handlers:
        if isinstance(shown, _Shown):
            shown.write_as(formatter, redact)


def end(handler: logging.Handler) -> None:
    """Stop logging to what ``log_to`` gave, and to stderr."""
    root = logging.getLogger()
    for each in (handler, *(one for one in root.handlers if isinstance(one, _Shown))):
        root.removeHandler(each)
        each.close()
