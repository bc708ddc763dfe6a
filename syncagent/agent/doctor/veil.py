"""Takes names out of text and out of answers, for a bundle that is shown to others.

What stays of free text is what our own program could have said: words that stand in its own strings, numbers, times and
kinds of errors.  All else becomes a pseudonym, the same wherever it stands in one bundle, and the same as in a recorded
flight (``redact``).  So what nobody has thought of is hidden, not shown (HAZARDS G7).
"""

from __future__ import annotations

import builtins
import contextlib
import importlib.util
import json
import pkgutil
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from types import CodeType
from typing import Any, Final

import syncagent
from syncagent import errors
from syncagent.agent.logs import Redaction
from syncagent.agent.redact import Redactor

_PATHS: Final = frozenset({"path", "paths", "root", "copy", "old_path", "now_at", "was", "from", "where"})
"""Keys under which a path stands, and nothing else."""

_NAMES: Final = frozenset(
    {"client_id", "name", "machine", "by", "profile", "folder", "names", "issuer", "user", "host"}
)
"""Keys under which a name stands."""

_OURS: Final = frozenset({"check", "key", "kind", "level", "logger", "state", "stuck", "verdict"})
"""Keys under which one of our own words stands: no setting is called otherwise because a machine is called like it."""

_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)*%?(?:[kKMGT]i?B?|B|ms|s|h|d|m)?")
_ADDRESS: Final = re.compile(r"\d+\.\d+\.\d+\.\d+|[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F.]*")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?|\d\d:\d\d(?::\d\d)?")
_URL: Final = re.compile(r"(?P<scheme>[a-z][a-z0-9+]*://)(?P<rest>[^\s\"'<>]+)")
_FRAME: Final = re.compile(r'File ".*?([\w.]+)", line (\d+), in ([\w<>]+)')
_TOKEN: Final = re.compile(r"[^\s\"'`()\[\]{}<>,;=|→…]+")
_LOGGED: Final = re.compile(r"(?P<head>\S+ (?:DEBUG|INFO|WARNING|ERROR|CRITICAL) [\w.]+: )(?P<text>.*)", re.DOTALL)
_OF_ONE: Final = re.compile(
    r"(?P<path>.+): (?P<said>(?:sent\b|received\b|deleted(?: here)?,|changed on two machines|moved here, from).*)",
    re.DOTALL,
)
"""What is told of one path, whatever words and colons are in that."""
_AT_ITS_END: Final = re.compile(r"(?P<said>.*?(?:more up to|version is now|moved here, from) )(?P<path>.+)", re.DOTALL)
"""What ends with another path."""
_LONG_NAME: Final = 6
"""Words: what is longer and has a colon behind it is a sentence of ours."""
_EDGES: Final = ".:!?-–*&"
_WORD: Final = re.compile(r"[A-Za-z]+")
_KEPT_MARK: Final = "\x00"
_USUAL: Final = frozenset(
    {
        "data",
        "default",
        "example",
        "folder",
        "home",
        "hub",
        "local",
        "root",
        "share",
        "sync",
        "syncagent",
        "tmp",
        "users",
    }
)
"""Words that name nobody, though they may be part of a path or of an address."""


class Veil:
    """``known`` are names that may stand anywhere (of the user, of machines, of folders), whatever words they are made
    of; ``secrets`` must not even become pseudonyms."""

    def __init__(self, redactor: Redactor, known: Collection[str] = (), secrets: Collection[str] = ()) -> None:
        self._redactor = redactor
        self._redact = Redaction(secrets)
        self._secrets = sorted((one for one in secrets if one), key=len, reverse=True)
        whole = sorted({one for one in known if len(one) > 1 and one not in _USUAL}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, whole)), re.IGNORECASE) if whole else None
        parts = {word.lower() for one in whole for word in _WORD.findall(one)}
        self._words = vocabulary() - (parts - _USUAL)

    def value(self, value: Any, key: str = "") -> Any:
        """``value``, which stands under ``key``, without names."""
        match value:
            case str():
                return self._string(value, key)
            case Mapping():
                return {self.text(str(name)): self.value(inner, str(name)) for name, inner in value.items()}
            case list() | tuple():
                return [self.value(inner, key) for inner in value]
            case _:
                return value

    def _string(self, text: str, key: str) -> str:
        if key in _OURS:
            return self._hide(text)
        if key in _PATHS:
            return self._redactor.path(self._hide(text)) if text else text
        if key in _NAMES:
            return self._redactor.hashed(text) if text else text
        return self.text(text)

    def log(self, text: str) -> str:
        """Lines of a log.  What is about one path begins with it, and it is one name, whatever words are in it."""
        return "".join(self._log_line(line) for line in text.splitlines(keepends=True))

    def _log_line(self, line: str) -> str:
        if found := _LOGGED.match(line):
            return found["head"] + self._logged(found["text"])
        with contextlib.suppress(ValueError):
            if isinstance(known := json.loads(line), dict):
                told = {key: self._logged(str(known.get(key, ""))) for key in ("text", "trace") if key in known}
                return json.dumps({**{key: known.get(key) for key in ("time", "level", "logger")}, **told}) + "\n"
        return self.text(line)

    def _logged(self, text: str) -> str:
        if found := _OF_ONE.fullmatch(text):
            return f"{self._redactor.path(self._hide(found['path']))}: {self._said(found['said'])}"
        about, colon, rest = text.partition(": ")
        if colon and len(about.split()) <= _LONG_NAME:
            return f"{self._redactor.path(self._hide(about))}: {self.text(rest)}"
        return self.text(text)

    def _said(self, text: str) -> str:
        if found := _AT_ITS_END.fullmatch(text):
            name, end = found["path"].rstrip("\n"), "\n" if found["path"].endswith("\n") else ""
            return f"{self.text(found['said'].rstrip())} {self._redactor.path(self._hide(name))}{end}"
        return self.text(text)

    def text(self, text: str) -> str:
        """Free text, of one line or several."""
        text = self._hide(text)
        kept: list[str] = []

        def keep(what: str) -> str:
            kept.append(what)
            return f" {_KEPT_MARK}{len(kept) - 1}{_KEPT_MARK} "

        text = text.replace(_KEPT_MARK, "")
        text = _FRAME.sub(lambda found: keep(f'File "{found[1]}", line {found[2]}, in {found[3]}'), text)
        text = _URL.sub(lambda found: keep(found["scheme"] + self._redactor.hashed(found["rest"])), text)
        if self._known is not None:
            text = self._known.sub(lambda found: keep(self._redactor.path(found[0])), text)
        text = _TOKEN.sub(lambda found: self._token(found[0]), text)
        return re.sub(rf" ?{_KEPT_MARK}(\d+){_KEPT_MARK} ?", lambda found: kept[int(found[1])], text)

    def _hide(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[hidden]")
        return self._redact(text)

    def _token(self, token: str) -> str:
        if _KEPT_MARK in token:
            return token
        bare = token.strip(_EDGES)
        if not bare or self._may_stay(bare):
            return token
        before, _, after = token.partition(bare)
        return f"{before}{self._redactor.path(bare)}{after}"

    def _may_stay(self, token: str) -> bool:
        if _ADDRESS.fullmatch(token):
            return False
        if _NUMBER.fullmatch(token) or _TIME.fullmatch(token) or token in _KINDS:
            return True
        # Of what is put together (`max_user_watches`, `read-only`) each part; of what could be a file's name, nothing.
        return not ("/" in token or re.search(r"\w\.\w", token)) and self._is_ours(token)

    def _is_ours(self, token: str) -> bool:
        parts = [part for part in re.split(r"[-_:+.]", token) if part]
        return all(part.isdigit() or (part.isalpha() and part.lower() in self._words) for part in parts)


_KINDS: Final = frozenset(
    name
    for module in (builtins, errors)
    for name, one in vars(module).items()
    if isinstance(one, type) and issubclass(one, BaseException)
)


@cache
def vocabulary() -> frozenset[str]:
    """The words of our own program: those of its strings, in small letters."""
    found: set[str] = set()
    for module in pkgutil.walk_packages(syncagent.__path__, "syncagent."):
        spec = importlib.util.find_spec(module.name) if not module.name.endswith("__main__") else None
        load = getattr(spec.loader, "get_code", None) if spec is not None else None
        code = load(module.name) if load is not None else None
        if isinstance(code, CodeType):
            for text in _strings(code):
                found.update(word.lower() for word in _WORD.findall(text))
    return frozenset(found)


def _strings(code: CodeType) -> Iterator[str]:
    """The strings of a piece of code, but those that explain it: examples stand there, with names."""
    found = [one for one in code.co_consts if isinstance(one, str)]
    explained = bool(code.co_consts) and isinstance(code.co_consts[0], str)
    yield from found[1:] if explained else found
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _strings(one)
        elif isinstance(one, (tuple, frozenset)):
            yield from (inner for inner in one if isinstance(inner, str))
