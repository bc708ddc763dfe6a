"""The way to the hub: address, proxy, TLS, clock, and whether it lets us in.

A hub is asked for its health first, without a key; redirects are not followed.  Only one that shows the certificate
that it should, or is on this machine, is then spoken to as an agent would, which takes the key; nothing is submitted.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import json
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import syncagent
from syncagent.agent.config.settings import Settings
from syncagent.agent.doctor.findings import Check, Verdict, note, ok, problem, warning
from syncagent.agent.keys import load_proxy_password
from syncagent.agent.places import Places
from syncagent.engine.dialogue import Dialogue, Introduction
from syncagent.errors import AskPerson, LinkLost, Refused, SyncAgentError
from syncagent.model.ids import ClientId
from syncagent.model.values import fixed
from syncagent.protocol.connection import ALL_CAPABILITIES
from syncagent.transport.proxy import Proxy, is_loopback, kept_under, proxy_to, without_password
from syncagent.transport.ws_link import WsDialer, WsLink

HUB_SECONDS: Final = 5.0
SKEW_SECONDS: Final = 300.0
SKEW_NOTED: Final = 5.0
EXPIRES_SOON_DAYS: Final = 14
SLOW_SECONDS: Final = 1.0


@fixed
class Way:
    """How the hub is reached.  ``proxy`` None: without one."""

    settings: Settings
    proxy: Proxy | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.settings.server).hostname or ""

    @property
    def secure(self) -> bool:
        return urlsplit(self.settings.server).scheme == "wss"

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def port(self) -> int:
        return urlsplit(self.settings.server).port or (443 if self.secure else 80)

    def dialer(self) -> WsDialer:
        settings = self.settings
        return WsDialer(settings.server, settings.fingerprint, open_seconds=HUB_SECONDS, way=lambda: self.proxy)


@fixed
class Health:
    """What a hub says without being given a key; ``certificate`` is what it showed (DER), ``tls`` the version."""

    date: datetime | None = None
    version: str = ""
    certificate: bytes = b""
    tls: str = ""


def hub_and_clock(settings: Settings, places: Places | None = None, key: str = "") -> Iterator[Check]:
    """Whether something answers at the hub's address, is the hub that it should be, lets us in, and what hour it
    has."""
    try:
        account = kept_under(settings.proxy)
        password = load_proxy_password(places, account) if places is not None and account else ""
        way = Way(settings, proxy_to(settings.server, settings.proxy, password))
    except (ValueError, SyncAgentError) as error:
        yield problem("proxy", str(error), "mend it there, or say which with `syncagent config set proxy`")
        return
    asked = _through(way) if way.proxy is not None else _straight(way)
    health: Health | None = None
    for one in asked:
        if isinstance(one, Check):
            yield one
        else:
            health = one
    if health is None:
        return
    if health.certificate:
        yield certificate(health, settings)
    if not key:
        if health.date is not None:
            yield clock((datetime.now(UTC) - health.date).total_seconds(), exact=False)
        return
    yield from signing_in(way, key, health)


# --- without a key ------------------------------------------------------------------------------------------------


def _straight(way: Way) -> Iterator[Check | Health]:
    setting = without_password(way.settings.proxy)
    found = f"none, as {setting!r} comes to for this address" if way.secure else "none: not for ws://"
    yield ok("proxy", found, setting=setting)
    try:
        health = _ask_health(way)
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or "TLS failed"
        means = "whoever answers there is not known to be the hub: nothing is said to it"
        yield problem("hub", f"{way.where}: {reason}", _todo_for_tls(reason), means)
        return
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", "") or str(error) or type(error).__name__
        yield problem("hub", f"{way.where}: {reason}", "see that the hub runs and that no firewall is between")
        return
    version = f" (syncagent {health.version})" if health.version else ""
    if not way.secure and not is_loopback(way.host):
        todo = "use wss:// beyond this machine"
        yield problem("hub", f"{way.where} answers{version}, in the clear", todo, "the key would be seen on the way")
    else:
        yield ok("hub", f"{way.where} answers{version}", version=health.version)
    yield health


def _todo_for_tls(reason: str) -> str:
    if "expired" in reason:
        return "renew the certificate at the hub"
    if "mismatch" in reason or "doesn't match" in reason:
        return "use the name that the certificate is for, or make one for this name"
    return "join again with a fresh link, or mend the certificate"


def _ask_health(way: Way) -> Health:
    """One GET without a key; redirects are not followed.  Raises OSError, ssl.SSLError or HTTPException."""
    settings = way.settings
    if not way.secure:
        link = http.client.HTTPConnection(way.host, way.port, timeout=HUB_SECONDS)
    else:
        context = ssl.create_default_context()
        if settings.fingerprint:
            # The hub made its own certificate: who it is, is told by the fingerprint, checked below.
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        link = http.client.HTTPSConnection(way.host, way.port, timeout=HUB_SECONDS, context=context)
    shown, tls = b"", ""
    try:
        link.connect()
        if isinstance(link.sock, ssl.SSLSocket):
            shown, tls = link.sock.getpeercert(binary_form=True) or b"", link.sock.version() or ""
            if settings.fingerprint and not _is_pinned(shown, settings.fingerprint):
                raise OSError(0, "it is not the hub that was joined: its certificate is another one")
        link.request("GET", "/healthz")
        answer = link.getresponse()
        return Health(_hour(answer.getheader("Date")), _version_in(answer.read(4096)), shown, tls)
    finally:
        link.close()


def _is_pinned(certificate: bytes, fingerprint: str) -> bool:
    return hmac.compare_digest(hashlib.sha256(certificate).hexdigest(), fingerprint)


def _version_in(body: bytes) -> str:
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    return str(said.get("version", ""))[:64] if isinstance(said, dict) else ""


def _through(way: Way) -> Iterator[Check | Health]:
    """The same where a proxy leads there: as an agent would connect, but that it says nothing."""
    proxy = way.proxy
    assert proxy is not None

    async def call() -> Health:
        link = await way.dialer()()
        try:
            return Health(_hour(link.date), "", link.certificate, link.tls)
        finally:
            await link.close()

    named = f"{proxy}, as {proxy.origin} {'say' if proxy.origin.endswith('settings') else 'says'}"
    try:
        health = asyncio.run(call())
    except SyncAgentError as error:
        todo = "see that the proxy lets us through to the hub, or take another way: `syncagent config set proxy ...`"
        if isinstance(error, AskPerson) and str(proxy) in str(error):
            todo = "give it once: `syncagent config set proxy http://NAME:PASSWORD@HOST:PORT`; it is kept apart"
        yield warning("proxy", named, "see below")
        yield problem("hub", str(error), todo)
        return
    yield ok("proxy", named, setting=way.settings.proxy)
    yield ok("hub", f"{way.settings.server} answers")
    yield health


def _hour(date: str | None) -> datetime | None:
    try:
        hour = parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
    return hour if hour is None or hour.tzinfo else hour.replace(tzinfo=UTC)


# --- who it is ------------------------------------------------------------------------------------------------------


def certificate(health: Health, settings: Settings) -> Check:
    """Whose certificate it is, for which names, and until when; by now it is known to be the right one."""
    from cryptography import x509  # noqa: PLC0415 - large, and only for this

    shown = x509.load_der_x509_certificate(health.certificate)
    until = shown.not_valid_after_utc
    days = (until - datetime.now(UTC)).days
    names = _names_in(shown, x509)
    data: dict[str, Any] = {
        "names": names, "issuer": shown.issuer.rfc4514_string(), "until": until.isoformat(), "days_left": days,
        "tls": health.tls, "pinned": bool(settings.fingerprint),
    }  # fmt: skip
    if settings.fingerprint:
        return ok("certificate", f"the hub's own, known by its fingerprint ({health.tls})", **data)
    found = f"for {', '.join(names[:3]) or 'no name'}, until {until:%Y-%m-%d}, by {_issuer_in(shown)} ({health.tls})"
    if days < EXPIRES_SOON_DAYS:
        means = f"in {days} days nobody will be let in by it"
        return warning("certificate", found, "renew it at the hub", means, **data)
    return ok("certificate", found, **data)


def _names_in(shown: Any, x509: Any) -> list[str]:
    try:
        listed = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*listed.get_values_for_type(x509.DNSName), *map(str, listed.get_values_for_type(x509.IPAddress))]


def _issuer_in(shown: Any) -> str:
    said = {one.rfc4514_attribute_name: one.value for one in shown.issuer}
    return str(said.get("O") or said.get("CN") or "an issuer without a name")


# --- with the key ---------------------------------------------------------------------------------------------------


def signing_in(way: Way, key: str, health: Health) -> Iterator[Check]:
    """Whether the hub lets us in, how long that takes, what it can do, and what hour it has."""
    try:
        said = asyncio.run(_sign_in(way, key))
    except Refused as error:
        yield problem("connection", str(error), "join again with a fresh link, or have a key made at the hub")
        return
    except SyncAgentError as error:
        yield problem("connection", str(error), "see the hub's log", "it answers, but not as a hub of ours does")
        return
    found = f"let in as {said.role}; it took {_ms(said.opened)}, an answer takes {_ms(said.answered)}"
    data = {"connect_ms": round(said.opened * 1e3, 1), "answer_ms": round(said.answered * 1e3, 1), "role": said.role}
    if said.answered > SLOW_SECONDS:
        means = "each change that is made waits for at least one answer"
        yield warning("connection", found, "look at the network between, or at the load of the hub", means, **data)
    elif said.role == "reader":
        yield note("connection", found, "what is changed here stays here", "", **data)
    else:
        yield ok("connection", found, **data)
    yield _capabilities(said, health)
    if said.skew is not None:
        yield clock(said.skew, exact=True)
    elif health.date is not None:
        yield clock((datetime.now(UTC) - health.date).total_seconds(), exact=False)


@fixed
class Said:
    """What the hub said to one who has a key; ``skew`` is how far our clock is ahead of its."""

    role: str
    capabilities: tuple[str, ...]
    opened: float
    answered: float
    skew: float | None


async def _sign_in(way: Way, key: str) -> Said:
    """Raises Refused, LinkLost, BadMessage."""
    began = time.monotonic()
    link: WsLink = await way.dialer()()
    opened = time.monotonic() - began
    try:
        # As a client of its own: an agent that is connected meanwhile stays.
        name = way.settings.name
        who = Introduction(ClientId(f"doctor-{time.time_ns():x}"), name, "", key, way.settings.folder)
        dialogue = Dialogue(who, lambda: datetime.now(UTC).isoformat(), time.monotonic())
        asked = time.monotonic()
        for frame in dialogue.open():
            await (link.send_text(frame) if isinstance(frame, str) else link.send_binary(frame))
        try:
            async with asyncio.timeout(HUB_SECONDS):
                answer = await link.receive()
        except TimeoutError:
            raise LinkLost(f"the hub did not answer within {HUB_SECONDS:g} s") from None
        answered = time.monotonic() - asked
        dialogue.receive(answer, time.monotonic())  # raises what it refuses with
        for frame in dialogue.farewell():
            await (link.send_text(frame) if isinstance(frame, str) else link.send_binary(frame))
        told = json.loads(answer).get("data") or {}
        return Said(
            str(told.get("role") or "writer"), tuple(map(str, told.get("capabilities") or ())), opened, answered,
            _skew(str(told.get("server_time", "")), answered),
        )  # fmt: skip
    finally:
        await link.close()


def _skew(server_time: str, answered: float) -> float | None:
    """How far our clock is ahead, if the answer was under way for half of the time that it took."""
    try:
        hour = datetime.fromisoformat(server_time)
    except ValueError:
        return None
    return (datetime.now(UTC) - hour).total_seconds() - answered / 2 if hour.tzinfo else None


def _capabilities(said: Said, health: Health) -> Check:
    lacks = [word for word in ALL_CAPABILITIES if word not in said.capabilities]
    version = f"syncagent {health.version}" if health.version else "a version that it does not tell"
    data = {"version": health.version, "capabilities": list(said.capabilities), "lacks": lacks}
    if lacks:
        todo = "bring the hub up to date" if health.version != syncagent.__version__ else ""
        return note(
            "hub's version", f"{version}, without {', '.join(lacks)}", "what needs these is slower", todo, **data
        )
    return ok("hub's version", f"{version}; it can do all that this agent can", **data)


def clock(apart: float, *, exact: bool) -> Check:
    """``apart``: by how many seconds our clock is ahead; ``exact`` when it is known to fractions of one."""
    size = f"{abs(apart):.1f} s" if exact else f"{abs(apart):.0f} s"
    found = f"{size} {'ahead of' if apart > 0 else 'behind'} the hub's"
    means = "the times of files and in lists are wrong by that much; nothing is lost by it"
    if abs(apart) > SKEW_SECONDS:
        todo = "set the clock: `timedatectl set-ntp true`, or in the system's settings"
        return warning("clock", found, todo, means, skew_seconds=round(apart, 3))
    if abs(apart) > SKEW_NOTED:
        return note("clock", found, means, skew_seconds=round(apart, 3))
    return ok("clock", found, skew_seconds=round(apart, 3))


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms"


__all__ = ["Verdict", "clock", "hub_and_clock"]
