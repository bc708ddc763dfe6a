"""Who may come in: API keys, and patience with those who guess.

A key that we make is ``sak_<id>_<secret>``, the secret with 160 random bits; the bootstrap key, which a person may have
chosen, can be any text.  Only salted hashes are kept.  A key is found by its id, and compared in constant time
(HAZARDS G1, G2, G6).  Wrong keys make an address wait longer each time; a right key is never made to wait, so no one
can lock another out.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from syncagent.hub.rows import Role
from syncagent.hub.stores.ports import Key

PREFIX: Final = "sak"
BOOTSTRAP: Final = "bootstrap"
WEAK_BYTES: Final = 16
"""A chosen key that is shorter than this could be guessed."""

_ADDRESSES: Final = 10_000
_FREE_TRIES: Final = 5
_LONGEST_WAIT: Final = 60.0
_FORGET_AFTER: Final = 900.0


def new_key(role: Role = Role.WRITER, folders: Iterable[str] = (), label: str = "") -> tuple[str, Key]:
    """A new key: its text, which is shown once, and what is kept of it."""
    key_id = secrets.token_hex(6)
    text = f"{PREFIX}_{key_id}_{secrets.token_hex(20)}"
    return text, _hashed(key_id, text, role, folders, label)


def bootstrap_key(text: str) -> Key:
    """What is kept of the key that the hub was started with.  It may do all."""
    return _hashed(BOOTSTRAP, text, Role.WRITER, (), "the key that the hub was started with")


def matches(key: Key, text: str) -> bool:
    """Whether ``text`` is ``key``, in constant time."""
    return hmac.compare_digest(_hash(key.salt, text), key.hash)


def _hashed(key_id: str, text: str, role: Role, folders: Iterable[str], label: str) -> Key:
    salt = secrets.token_bytes(16)
    return Key(key_id, salt, _hash(salt, text), role, frozenset(folders), label)


def _hash(salt: bytes, text: str) -> bytes:
    return hashlib.sha256(salt + text.encode("utf-8", "surrogatepass")).digest()


def _id_of(text: str) -> str:
    parts = text.split("_")
    return parts[1] if len(parts) == 3 and parts[0] == PREFIX else BOOTSTRAP


class KeyRing:
    """The keys that are accepted."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys = {key.id: key for key in keys}
        self._no_one = _hashed("", secrets.token_hex(20), Role.READER, (), "")

    def find(self, text: str, folder: str) -> Key | None:
        """The key that ``text`` is, if it is good for ``folder``."""
        # One with an unknown id takes as long as one with a wrong secret; a text that looks like a key that we made
        # may still be the one that a person has chosen.
        found = None
        for key_id in {_id_of(text), BOOTSTRAP}:
            key = self._keys.get(key_id, self._no_one)
            if matches(key, text) and key is not self._no_one:
                found = key
        if found is None or (found.folders and folder not in found.folders):
            return None
        return found


@dataclass(slots=True)
class _Tries:
    wrong: int
    until: float
    last: float


class Patience:
    """How long an address that gave wrong keys has to wait before the next answer.  Bounded; times in seconds."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """How long it still has to wait."""
        tries = self._tries.get(address)
        return max(0.0, tries.until - now) if tries else 0.0

    def wrong(self, address: str, now: float) -> None:
        """It gave a wrong key."""
        tries = self._tries.pop(address, None)
        if tries is None or now - tries.last > _FORGET_AFTER:
            tries = _Tries(0, now, now)
        tries.wrong += 1
        tries.last = now
        over = tries.wrong - _FREE_TRIES
        if over >= 0:
            tries.until = now + min(_LONGEST_WAIT, 2.0 ** min(over, 16))
        self._tries[address] = tries
        while len(self._tries) > _ADDRESSES:
            self._tries.popitem(last=False)

    def right(self, address: str) -> None:
        """It gave a right key."""
        self._tries.pop(address, None)
