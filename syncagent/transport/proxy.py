"""Which proxy leads to the hub, if one does: as the settings say, or as the environment and the system have it.

Only what is encrypted goes through one: a proxy could be anywhere, and in the clear it would read the key.  This
machine itself, and what NO_PROXY spares, is reached without.  A password is in no text that this module gives, but in
``url``.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from syncagent.model.values import fixed, replace

SYSTEM: Final = "system"
NONE: Final = "none"

_PORTS: Final = {"http": 80, "https": 443, "socks5h": 1080, "socks5": 1080, "socks4a": 1080, "socks4": 1080}
"""The kinds of proxies, with the ports that they have where none is named."""

_NAMED: Final = ("wss_proxy", "https_proxy", "all_proxy")
"""Variables of the environment that name one, the strongest first; each in small letters, or in capitals."""

_SHOWN_PASSWORD: Final = "***"  # noqa: S105 - what stands in its place
_WITH_PASSWORD: Final = re.compile(r"^((?>[a-zA-Z0-9+.-]*://)?+)([^:@/]*):.*@", re.DOTALL)


@fixed
class Proxy:
    """As text it is its address, without the password.  ``origin`` is where it was found."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    origin: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.scheme}://{quote(self.user, safe='') + '@' if self.user else ''}{self.address}"

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """With the password: for the one who connects."""
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        return f"{self.scheme}://{who}{self.address}"


def proxy_in(text: str) -> Proxy:
    """The proxy at an address such as ``http://ann:secret@proxy:3128``.  Raises ValueError, without the password."""
    text = text.strip()
    parts = urlsplit(text if "://" in text else f"http://{text}")
    if parts.scheme not in _PORTS:
        raise ValueError(f"must begin with {', '.join(f'{one}://' for one in list(_PORTS)[:3])}, or {NONE} or {SYSTEM}")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("must end with its port; characters such as / ? # in a password are written as %2F %3F %23")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port == 0 or not re.fullmatch(r"[^\s/@\\]+", host):
        raise ValueError("must look like http://host:port or socks5h://user@host:port")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and not user:
        raise ValueError("must name a user, where it has a password")
    return Proxy(parts.scheme, host, port or _PORTS[parts.scheme], user, password)


def proxy_setting(text: str) -> str:
    """What the setting may be: ``system``, ``none``, or an address.  Raises ValueError."""
    text = text.strip()
    if text.lower() in (SYSTEM, NONE):
        return text.lower()
    if proxy_in(text).password == _SHOWN_PASSWORD:
        raise ValueError(
            f"has {_SHOWN_PASSWORD} in the place of the password: leave it out, and the one that is kept counts"
        )
    return text


def kept_under(setting: str) -> str:
    """Under which address the password is kept that the setting wants, and has not; "": it wants none."""
    if setting in (SYSTEM, NONE):
        return ""
    proxy = proxy_in(setting)
    return str(proxy) if proxy.user and not proxy.password else ""


def parted(setting: str) -> tuple[str, str]:
    """The setting without a password that stands in it, and the password.  Raises ValueError."""
    if setting.strip().lower() in (SYSTEM, NONE):
        return setting, ""
    proxy = proxy_in(proxy_setting(setting))
    return (str(proxy), proxy.password) if proxy.password else (setting, "")


def without_password(text: str) -> str:
    """``text``, should it be an address, or nearly be one, to be shown."""
    return _WITH_PASSWORD.sub(rf"\1\2:{_SHOWN_PASSWORD}@", text)


def _of_the_system() -> Mapping[str, str]:
    """What this system is set to, where it has such a setting and Python reads it: macOS and Windows."""
    import urllib.request  # noqa: PLC0415 - brings what reads mail and HTTP: not for an address in the clear

    for name in ("getproxies_macosx_sysconf", "getproxies_registry"):
        ask: Callable[[], Mapping[str, str]] | None = getattr(urllib.request, name, None)
        if ask is not None:
            return ask()
    return {}


def _spared_by_the_system(host: str) -> bool:
    import urllib.request  # noqa: PLC0415 - as above

    for name in ("proxy_bypass_macosx_sysconf", "proxy_bypass_registry"):
        ask: Callable[[str], Any] | None = getattr(urllib.request, name, None)
        if ask is not None:
            return bool(ask(host))
    return False


@fixed
class Surroundings:
    """Where a proxy may be named but in our own settings."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    platform: Callable[[], Mapping[str, str]] = _of_the_system
    spared: Callable[[str], bool] = _spared_by_the_system

    def variable(self, name: str) -> tuple[str, str]:
        """The value of a variable, and how it is spelt there; the one in small letters is the stronger one."""
        for spelt in (name, name.upper()):
            if value := self.environment.get(spelt, "").strip():
                return value, spelt
        return "", ""


def proxy_to(server: str, setting: str, password: str = "", around: Surroundings | None = None) -> Proxy | None:
    """The proxy through which ``server`` is reached; None: it is reached without.

    ``password`` counts where the setting names a user without one.  Raises ValueError where the environment or the
    system names what cannot be a proxy, with where it stands.
    """
    around = around or Surroundings()
    parts = urlsplit(server)
    host, port = parts.hostname or "", parts.port or 443
    if (
        parts.scheme != "wss"
        or setting == NONE
        or is_loopback(host)
        or is_spared(host, port, around.variable("no_proxy")[0])
    ):
        return None
    if setting != SYSTEM:
        proxy = replace(proxy_in(setting), origin="the settings")
        return proxy if proxy.password or not proxy.user else replace(proxy, password=password)
    for name in _NAMED:
        value, spelt = around.variable(name)
        if value:
            return _found(value, spelt)
    found = around.platform()
    if not found or around.spared(host):
        return None
    if value := found.get("https", ""):
        return _found(value, "this system's settings")
    # Systems say `http` of one that speaks SOCKS.
    value = found.get("socks", "")
    return _found(re.sub(r"^(http://)?(?!socks)", "socks5h://", value), "this system's settings") if value else None


def _found(value: str, origin: str) -> Proxy:
    # Most programs read `socks5` from there so that the proxy resolves the name, and no name need be known here.
    try:
        return replace(proxy_in(re.sub(r"^socks5?://", "socks5h://", value)), origin=origin)
    except ValueError as reason:
        raise ValueError(f"the proxy in {origin} {reason}") from None


def is_spared(host: str, port: int, listed: str) -> bool:
    """Whether ``listed``, as NO_PROXY has it, names the host: ``*``, names with all that end so, addresses, networks
    (``10.0.0.0/8``), each perhaps with a port."""
    host = host.lower().rstrip(".")
    address = _address(host)
    for entry in re.split(r"[\s,]+", listed.lower()):
        name, at = _apart(entry)
        if not name or (at and at != port):
            continue
        if name == "*":
            return True
        if address is not None:
            try:
                if address in ipaddress.ip_network(name, strict=False):
                    return True
            except ValueError:
                continue
        elif host == (bare := name.lstrip("*").strip(".")) or host.endswith(f".{bare}"):
            return True
    return False


def _apart(entry: str) -> tuple[str, int]:
    """``("hub.example", 8765)`` for ``hub.example:8765``; 0 where no port is named.  Brackets stand around IPv6."""
    found = re.fullmatch(r"\[([^\]]+)\](?::(\d+))?|([^:]*):(\d+)", entry)
    if found is None:
        return entry, 0
    return found[1] or found[3] or "", int(found[2] or found[4] or 0)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether only this machine is reached under that name."""
    address = _address(host)
    return address.is_loopback if address is not None else host.lower().rstrip(".") == "localhost"
