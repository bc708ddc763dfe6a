"""The kinds of values that settings have: each function takes what was given, and gives what is meant.

They raise ValueError, with a reason that goes on after the setting's name.
"""

from __future__ import annotations

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

from syncagent.agent.guest.timetable import read
from syncagent.agent.spawning import words_of
from syncagent.model.link import is_folder_name
from syncagent.reserve import bytes_or_share


def folder_path(path: Path) -> Path:
    path = path.expanduser()
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    if not is_text(str(path)):
        raise ValueError("must be valid UTF-8, for it is kept as text")
    return path


def is_text(name: str) -> bool:
    """Whether it can be written down: a name in another encoding comes from the system as what is no text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def server_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise ValueError("must look like ws://host:port or wss://host:port")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must have no user, password, query or fragment")
    if parts.port == 0:
        raise ValueError("port 0 is no port")
    return text.rstrip("/")


def listen_address(text: str) -> str:
    if text:
        host_and_port(text)
    return text


def one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of visible text")
    return text.strip()


def hub_folder(text: str) -> str:
    if not is_folder_name(text):
        raise ValueError("must begin with a letter or digit, and have 64 of A-Z a-z 0-9 . _ - at most")
    return text


def fingerprint(text: str) -> str:
    plain = text.replace(":", "").lower()
    if plain and not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise ValueError("must be a SHA-256 digest: 64 hexadecimal digits")
    return plain


def host_name() -> str:
    """The short name of this machine."""
    return socket.gethostname().partition(".")[0].strip() or "machine"


def host_and_port(text: str) -> tuple[str, int]:
    """``("0.0.0.0", 8765)`` for ``0.0.0.0:8765``; an IPv6 host stands in brackets."""
    found = re.fullmatch(r"(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<host>[^\s:\[\]/@]+)):(?P<port>\d{1,5})", text)
    if not found or int(found["port"]) > 65535:
        raise ValueError("must look like HOST:PORT")
    return found["six"] or found["host"], int(found["port"])


def command_line(text: str) -> str:
    """A program with its arguments, quoted as for a shell.  Raises ValueError where quotes do not match."""
    try:
        words = words_of(text)
    except ValueError as reason:
        raise ValueError(f"is no command with arguments: {reason}") from None
    if text.strip() and not (words and words[0]):
        raise ValueError("names no program")
    return text.strip()


def schedule(text: str) -> str:
    """Hours with what holds then, as ``timetable`` has them."""
    read(text)
    return text.strip()


def small_size(said: object) -> str:
    """A number of bytes such as ``10MB``, from 1 MB on: what is smaller goes at once anyway."""
    text = str(said).strip()
    size, share = bytes_or_share(text)
    if share is not None or size is None or size < 1_000_000:
        raise ValueError("must be bytes such as 10MB, and 1MB or more")
    return text


def size_or_share(said: object) -> str:
    """A number of bytes such as ``5GB``, or a part of the disk such as ``10%``."""
    text = str(said).strip()
    bytes_or_share(text)
    return text
