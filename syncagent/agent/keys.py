"""The agent's key, at rest: in the system's keyring where that works, or in a file that only its owner can read.  The
same for the password that a proxy wants.

The key is never in config.toml, in an argument, or in the environment of a child process (HAZARDS G5).  The file is
made with its mode, in one call; a file that others can read is refused, since the key must then be taken for known.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import stat
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

from syncagent.agent.places import Places
from syncagent.errors import BadConfig
from syncagent.private import NEVER_WAITING, UNFOLLOWED, another_ones, open_to_others, write_private

KeyStore: TypeAlias = Literal["auto", "file", "keyring"]
KEY_VARIABLE: Final = "SYNCAGENT_API_KEY"
_RING: Final = "syncagent"
_PROXY_RING: Final = "syncagent proxy"
_MOST: Final = 4096


def from_environment(environment: MutableMapping[str, str]) -> str:
    """The key that the environment gives, or "".  It is taken out, so that no child process gets it."""
    return environment.pop(KEY_VARIABLE, "").strip()


def save_key(places: Places, key: str, store: KeyStore = "auto") -> Literal["file", "keyring"]:
    """Keep ``key``; says where.  "auto" means the keyring where one is installed and works, else the file.

    Raises BadConfig when it cannot be kept.
    """
    if store in ("auto", "keyring") and _ring_set(_RING, str(places.state), key):
        places.key.unlink(missing_ok=True)
        return "keyring"
    if store == "keyring":
        raise BadConfig('no keyring works here; set key_store to "file", or install the extra syncagent[keyring]')
    write_private(places.key, key + "\n")
    return "file"


def load_key(places: Places) -> str:
    """The key that was kept, or "" when there is none.

    Raises BadConfig when the file is not this user's alone.
    """
    if key := _read_private(places.key):
        return key
    return _ring_get(_RING, str(places.state))


def forget_key(places: Places) -> None:
    """Keep the key no longer."""
    places.key.unlink(missing_ok=True)
    _ring_set(_RING, str(places.state), "")


def save_proxy_password(places: Places, proxy: str, password: str, store: KeyStore = "auto") -> None:
    """Keep what the proxy of this address (with its user) wants; "": keep it no longer.

    Raises BadConfig when it cannot be kept.
    """
    known = _proxy_passwords(places)
    if (store in ("auto", "keyring") or not password) and _ring_set(_PROXY_RING, proxy, password):
        password = ""  # in the file no longer
    elif store == "keyring" and password:
        raise BadConfig('no keyring works here; set key_store to "file", or install the extra syncagent[keyring]')
    kept = {**{one: value for one, value in known.items() if one != proxy}, **({proxy: password} if password else {})}
    if kept != known:
        write_private(places.proxy_passwords, json.dumps(kept) + "\n")


def load_proxy_password(places: Places, proxy: str) -> str:
    """What was kept for it, or "".  Raises BadConfig when the file is not this user's alone."""
    return _proxy_passwords(places).get(proxy, "") or _ring_get(_PROXY_RING, proxy)


def _proxy_passwords(places: Places) -> dict[str, str]:
    try:
        found = json.loads(_read_private(places.proxy_passwords, "file of proxy passwords") or "{}")
    except ValueError:
        return {}
    return {str(proxy): str(password) for proxy, password in found.items()} if isinstance(found, dict) else {}


def _read_private(path: Path, what: str = "key file") -> str:
    try:
        handle = os.open(path, os.O_RDONLY | UNFOLLOWED | NEVER_WAITING)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise BadConfig(f"the {what} {path} cannot be read: {error.strerror}") from None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise BadConfig(f"the {what} {path} is not a file")
        if another_ones(found):
            raise BadConfig(f"the {what} {path} belongs to another user")
        if mode := open_to_others(found):
            raise BadConfig(
                f"the {what} {path} can be read or written by others (mode {0o600 | mode:04o}): "
                f"make a new key at the hub, and `chmod 600` the file"
            )
        return file.read(_MOST).decode("utf-8", "replace").strip()


def _ring_set(ring: str, account: str, key: str) -> bool:
    """Put the key into the keyring ("" takes it out), and see that it is there.  False where no keyring works."""
    if importlib.util.find_spec("keyring") is None:
        return False
    import keyring  # noqa: PLC0415 - optional, and slow to import
    from keyring.errors import KeyringError, PasswordDeleteError  # noqa: PLC0415

    try:
        if not key:
            with contextlib.suppress(PasswordDeleteError):
                keyring.delete_password(ring, account)
            return True
        keyring.set_password(ring, account, key)
        return keyring.get_password(ring, account) == key
    except (KeyringError, RuntimeError, OSError):
        return False


def _ring_get(ring: str, account: str) -> str:
    if importlib.util.find_spec("keyring") is None:
        return ""
    import keyring  # noqa: PLC0415 - optional, and slow to import
    from keyring.errors import KeyringError  # noqa: PLC0415

    try:
        return keyring.get_password(ring, account) or ""
    except (KeyringError, RuntimeError, OSError):
        return ""
