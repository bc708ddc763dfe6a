"""The link against real servers on this machine: what it carries, and whom it does not talk to (F24, G4)."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import trustme
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from syncagent.errors import LinkLost, Refused
from syncagent.model.values import replace
from syncagent.transport import ws_link
from syncagent.transport.proxy import Proxy, proxy_in
from syncagent.transport.ws_link import LONG, UNSENT_BYTES, WsDialer, apply_mask
from tests.support.proxies import HttpProxy, SocksProxy

Talk = Callable[[ServerConnection], Awaitable[None]]


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@asynccontextmanager
async def hub(talk: Talk = echo, **options: object) -> AsyncIterator[int]:
    """A WebSocket server that talks like ``talk``; gives its port."""
    async with serve(talk, "127.0.0.1", 0, compression=None, **options) as server:  # type: ignore[arg-type]
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def raw_server(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that says ``answer`` to whoever comes; gives its port, and all that it was told."""
    told: list[bytes] = []
    talks: list[asyncio.Task[None]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        told.append(await reader.read())
        writer.close()
        await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.ensure_future(talk(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], told
        await asyncio.gather(*talks, return_exceptions=True)


@asynccontextmanager
async def silent_server(answer: bytes) -> AsyncIterator[int]:
    """A server that says ``answer`` to whatever it is told first; gives its port."""
    talks: list[asyncio.Task[None]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(3)
        writer.write(answer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(
        lambda reader, writer: talks.append(asyncio.ensure_future(talk(reader, writer))), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*talks, return_exceptions=True)


def certificates(*names: str, until: datetime | None = None) -> tuple[ssl.SSLContext, str, trustme.CA]:
    authority = trustme.CA()
    made = authority.issue_cert(*names, not_after=until)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.configure_cert(context)
    der = ssl.PEM_cert_to_DER_cert(made.cert_chain_pems[0].bytes().decode())
    return context, hashlib.sha256(der).hexdigest(), authority


async def test_texts_and_binary_frames_come_back_as_they_were_sent() -> None:
    async with hub() as port:
        link = await WsDialer(f"ws://127.0.0.1:{port}")()
        await link.send_text("wörter")
        await link.send_text("schön".encode())
        await link.send_binary(b"\x01\x00bytes")
        assert [await link.receive() for _ in range(3)] == ["wörter", "schön", b"\x01\x00bytes"]
        await link.close()


async def test_what_leaves_at_once_comes_back_as_it_was_sent_and_in_its_order() -> None:
    async with hub() as port:
        link = await WsDialer(f"ws://127.0.0.1:{port}")()
        said: list[str | bytes] = ["", "wörter", "x" * 125, "x" * 126, b"", b"\x01\x00bytes", bytes(range(256)) * 255]
        for frame in said:
            assert link.send_at_once(frame)
        await link.send_text("behind them")
        assert [await link.receive() for _ in range(len(said) + 1)] == [*said, "behind them"]
        assert not link.send_at_once(bytes(LONG)), "what is long has its own way"
        assert not link.send_at_once("ö" * (LONG // 2))
        await link.close()
        assert not link.send_at_once("too late")


@pytest.mark.hazard("F1")
async def test_a_closed_link_says_why_and_who() -> None:
    async def refuse(connection: ServerConnection) -> None:
        await connection.close(1008, "no\x1b such client")

    async with hub(refuse) as port:
        link = await WsDialer(f"ws://127.0.0.1:{port}")()
        with pytest.raises(LinkLost, match=r"the hub closed the connection \(1008: no such client\)"):
            await link.receive()
        with pytest.raises(LinkLost):
            await link.send_text("too late")
        await link.close()
        await link.close()


@pytest.mark.hazard("F1")
async def test_a_link_that_breaks_is_lost() -> None:
    async def cut(connection: ServerConnection) -> None:
        connection.transport.abort()

    async with hub(cut) as port:
        link = await WsDialer(f"ws://127.0.0.1:{port}")()
        with pytest.raises(LinkLost):
            await link.receive()


async def test_small_messages_are_not_held_back() -> None:
    async with hub() as port:
        link = await WsDialer(f"ws://127.0.0.1:{port}")()
        raw = link._socket.transport.get_extra_info("socket")  # type: ignore[attr-defined]
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        await link.close()


@pytest.mark.hazard("F7", "G13")
async def test_a_message_beyond_the_limit_is_not_read() -> None:
    async def shout(connection: ServerConnection) -> None:
        await connection.send(b"x" * 20_000)

    async with hub(shout) as port:
        link = await WsDialer(f"ws://127.0.0.1:{port}", frame_bytes=10_000)()
        with pytest.raises(LinkLost, match="1009"):
            await link.receive()


@pytest.mark.hazard("F24")
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>", "HTTP 200"),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "HTTP 502"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "did not answer as a hub does"),
        (b"", "did not answer in time"),
    ],
    ids=["a page", "a broken proxy", "another protocol", "silence"],
)
async def test_what_is_no_hub_is_not_talked_to(answer: bytes, words: str) -> None:
    async with raw_server(answer) as (port, told):
        with pytest.raises(LinkLost, match=words):
            await WsDialer(f"ws://127.0.0.1:{port}", open_seconds=60.0 if answer else 0.3)()
        assert b"client_connect" not in b"".join(told)


async def test_nobody_there() -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        port = placeholder.getsockname()[1]
        with pytest.raises(LinkLost, match="cannot be reached"):
            await WsDialer(f"ws://127.0.0.1:{port}")()


@pytest.mark.hazard("F24", "G4")
async def test_a_redirect_is_not_followed() -> None:
    visits: list[str] = []

    async def elsewhere(connection: ServerConnection) -> None:
        visits.append("came")

    async with hub(elsewhere) as other:

        def redirect(connection: ServerConnection, request: Request) -> Response:
            return Response(302, "Found", Headers({"Location": f"ws://127.0.0.1:{other}/"}), b"")

        async with hub(process_request=redirect) as port:
            with pytest.raises(LinkLost, match="HTTP 302"):
                await WsDialer(f"ws://127.0.0.1:{port}")()
    assert visits == []


async def test_a_pinned_certificate_needs_no_authority() -> None:
    context, fingerprint, _ = certificates("hub.example")
    async with hub(ssl=context) as port:
        link = await WsDialer(f"wss://127.0.0.1:{port}", fingerprint)()
        await link.send_text("hello")
        assert await link.receive() == "hello"
        await link.close()


@pytest.mark.hazard("G4")
async def test_another_certificate_than_the_pinned_one_is_told_nothing() -> None:
    heard: list[str | bytes] = []

    async def listen(connection: ServerConnection) -> None:
        heard.extend([message async for message in connection])

    context, _, _ = certificates("127.0.0.1")
    async with hub(listen, ssl=context) as port:
        with pytest.raises(Refused, match="another certificate") as refused:
            await WsDialer(f"wss://127.0.0.1:{port}", "ab" * 32)()
    assert refused.value.code == "hub_mismatch"
    assert heard == []


@pytest.mark.hazard("G4")
async def test_without_a_pin_the_system_must_trust_the_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    context, _, authority = certificates("127.0.0.1")
    async with hub(ssl=context) as port:
        with pytest.raises(LinkLost, match="does not trust"):
            await WsDialer(f"wss://127.0.0.1:{port}")()
        with authority.cert_pem.tempfile() as trusted:
            monkeypatch.setenv("SSL_CERT_FILE", trusted)
            link = await WsDialer(f"wss://127.0.0.1:{port}")()
            await link.close()
            with pytest.raises(LinkLost, match="does not trust"):
                await WsDialer(f"wss://localhost:{port}")()


@pytest.mark.hazard("G4")
@pytest.mark.parametrize("what", ["expired", "of another host"])
async def test_a_trusted_authority_is_not_enough(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    heard: list[str | bytes] = []

    async def listen(connection: ServerConnection) -> None:
        heard.extend([message async for message in connection])

    expired = what == "expired"
    until = datetime(2020, 1, 1, tzinfo=UTC) if expired else None
    context, _, authority = certificates("127.0.0.1" if expired else "hub.example", until=until)
    async with hub(listen, ssl=context) as port:
        with authority.cert_pem.tempfile() as trusted:
            monkeypatch.setenv("SSL_CERT_FILE", trusted)
            with pytest.raises(LinkLost, match="does not trust"):
                await WsDialer(f"wss://127.0.0.1:{port}")()
    assert heard == []


@pytest.mark.hazard("G4")
async def test_a_hub_that_answers_without_tls_is_not_talked_to() -> None:
    async with hub() as port:
        with pytest.raises(LinkLost):
            await WsDialer(f"wss://127.0.0.1:{port}", "ab" * 32)()


@pytest.mark.hazard("G4")
async def test_no_key_leaves_this_machine_in_the_clear() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.77", 9))  # sends nothing; the system only chooses the address it would send from
        except OSError:
            pytest.skip("this machine has no address but its loopback")
        own = asking.getsockname()[0]
    async with serve(echo, own, 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Refused, match="not encrypted"):
            await WsDialer(f"ws://{own}:{port}")()
        link = await WsDialer(f"ws://{own}:{port}", insecure=True)()
        assert not link.direct
        await link.close()


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="the system has no such bound")
async def test_what_cannot_leave_yet_waits_where_an_edit_overtakes_it() -> None:
    async with hub() as port:
        link = await WsDialer(f"ws://127.0.0.1:{port}")()
        connection = link._socket.transport.get_extra_info("socket")  # type: ignore[attr-defined]
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == UNSENT_BYTES
        await link.close()


@pytest.mark.parametrize("direct", [True, False])
async def test_long_frames_arrive_as_they_were_sent_and_stay_in_their_order(
    monkeypatch: pytest.MonkeyPatch, direct: bool
) -> None:
    masked: list[int] = []

    def mask(frame: bytes, key: bytes) -> bytes:
        masked.append(len(frame))
        return apply_mask(frame, key)

    monkeypatch.setattr(ws_link, "apply_mask", mask)
    frames = [bytes([number]) * size for number, size in enumerate((10, LONG - 1, LONG, LONG + 1, 1 << 20, 3, 3 << 20))]
    heard: list[bytes | str] = []

    async def echo(connection: ServerConnection) -> None:
        for _ in frames:
            heard.append(await connection.recv())
            await connection.send(heard[-1])
        await connection.wait_closed()

    async with hub(echo, max_size=4 << 20) as port:
        link = replace(await WsDialer(f"ws://127.0.0.1:{port}")(), direct=direct)
        for frame in frames:
            await link.send_binary(frame)
        assert [await link.receive() for _ in frames] == frames
        assert heard == frames
        assert len(masked) == (0 if direct else len([frame for frame in frames if len(frame) >= LONG]))
        await link.close()


@pytest.mark.hazard("G4")
async def test_what_someone_between_could_read_is_masked_also_if_it_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    context, fingerprint, authority = certificates("127.0.0.1")
    async with hub(ssl=context) as port:
        pinned = await WsDialer(f"wss://127.0.0.1:{port}", fingerprint)()
        with authority.cert_pem.tempfile() as file:
            monkeypatch.setenv("SSL_CERT_FILE", file)
            trusted = await WsDialer(f"wss://127.0.0.1:{port}")()
        assert pinned.direct
        assert not trusted.direct, "it may end at a proxy before the hub"
        await pinned.close()
        await trusted.close()
    async with hub() as port:
        here = await WsDialer(f"ws://127.0.0.1:{port}")()
        assert here.direct
        await here.close()


# --- through proxies --------------------------------------------------------------------------------------------------

NOWHERE = {"hub.test": "127.0.0.1"}
"""A name that the proxies alone know: who arrives under it has come through them."""

Kind = type[HttpProxy] | type[SocksProxy]
KINDS = pytest.mark.parametrize(("kind", "scheme"), [(HttpProxy, "http"), (SocksProxy, "socks5h")])


def through(proxy: HttpProxy | SocksProxy, port: int, scheme: str, who: str = "", **options: str) -> WsDialer:
    return WsDialer(
        f"wss://hub.test:{port}", way=lambda: proxy_in(f"{scheme}://{who}localhost:{proxy.port}"), **options
    )


@pytest.mark.hazard("G4")
@KINDS
async def test_the_hub_is_reached_through_a_proxy_and_its_certificate_is_looked_at(kind: Kind, scheme: str) -> None:
    context, fingerprint, _ = certificates("hub.test")
    async with hub(ssl=context, max_size=4 << 20) as port, kind(NOWHERE, "ann", "hu:sh@1") as proxy:
        link = await through(proxy, port, scheme, "ann:hu%3Ash%401@", fingerprint=fingerprint)()
        await link.send_text("hello")
        await link.send_binary(b"x" * (3 << 20))
        assert await link.receive() == "hello"
        assert await link.receive() == b"x" * (3 << 20)
        await link.close()
        assert proxy.asked == [("hub.test", port)]
        with pytest.raises(Refused, match="another certificate"):
            await through(proxy, port, scheme, "ann:hu%3Ash%401@", fingerprint="ab" * 32)()


@pytest.mark.hazard("G4")
@KINDS
async def test_the_name_in_the_certificate_counts_behind_a_proxy(
    kind: Kind, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, _, authority = certificates("hub.test")
    with authority.cert_pem.tempfile() as trusted:
        monkeypatch.setenv("SSL_CERT_FILE", trusted)
        async with hub(ssl=right) as port, kind(NOWHERE) as proxy:
            await (await through(proxy, port, scheme)()).close()
        wrong = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("other.test").configure_cert(wrong)
        async with hub(ssl=wrong) as port, kind(NOWHERE) as proxy:
            with pytest.raises(LinkLost, match=r"the hub at .* \(through the proxy .*\) showed .* does not trust"):
                await through(proxy, port, scheme)()


@pytest.mark.hazard("G4")
async def test_a_proxy_that_is_reached_by_tls_has_to_be_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, fingerprint, _ = certificates("hub.test")
    theirs, _, authority = certificates("localhost")
    async with hub(ssl=ours) as port, HttpProxy(NOWHERE, tls=theirs) as proxy:
        with pytest.raises(LinkLost, match=r"the proxy https://localhost:\d+ showed .* does not trust"):
            await through(proxy, port, "https", fingerprint=fingerprint)()
        with authority.cert_pem.tempfile() as trusted:
            monkeypatch.setenv("SSL_CERT_FILE", trusted)
            link = await through(proxy, port, "https", fingerprint=fingerprint)()
            await link.send_text("hello")
            assert await link.receive() == "hello"
            await link.close()


@pytest.mark.hazard("G5")
@KINDS
@pytest.mark.parametrize(("who", "words"), [("", "wants a name"), ("ann:guess@", "does not take this name")])
async def test_a_proxy_that_wants_another_password_is_for_a_person_to_mend(
    kind: Kind, scheme: str, who: str, words: str
) -> None:
    async with kind(NOWHERE, "ann", "hush") as proxy:
        with pytest.raises(Refused, match=words) as refused:
            await through(proxy, 1, scheme, who)()
    assert "guess" not in str(refused.value)
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"refuses": 403}, r"lets nobody through to wss://hub.test:1 \(HTTP 403\)"),
        ({"refuses": 504}, "cannot reach the hub"),
        ({"user": "ann", "offers": "Negotiate"}, r"wants a sign-in that is not spoken here \(negotiate\)"),
        ({}, r"cannot reach the hub at wss://hub.test:1 \(HTTP 502\)"),
    ],
)
async def test_what_a_proxy_says_is_told(options: dict[str, object], words: str) -> None:
    async with HttpProxy(NOWHERE, **options) as proxy:  # type: ignore[arg-type]
        with pytest.raises((LinkLost, Refused), match=words):
            await through(proxy, 1, "http")()


async def test_what_a_socks_proxy_says_is_told() -> None:
    async with SocksProxy(NOWHERE) as proxy:
        with pytest.raises(LinkLost, match=r"does not connect us to wss://hub.test:1 \(Host unreachable\)"):
            await through(proxy, 1, "socks5h")()


@pytest.mark.hazard("F24")
@pytest.mark.parametrize("scheme", ["http", "socks5h"])
@pytest.mark.parametrize(
    ("answer", "words"), [(b"SSH-2.0-x\r\n\r\n", "did not answer|does not connect"), (b"", "in time")]
)
async def test_what_is_no_proxy_is_told_as_such(scheme: str, answer: bytes, words: str) -> None:
    async with silent_server(answer) as port:
        seconds = 60.0 if answer else 0.3
        dial = WsDialer("wss://hub.test:1", open_seconds=seconds, way=lambda: proxy_in(f"{scheme}://127.0.0.1:{port}"))
        with pytest.raises(LinkLost, match=f"the proxy .* ({words})"):
            await dial()


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_a_proxy_that_is_not_there(scheme: str) -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        port = placeholder.getsockname()[1]
        with pytest.raises(LinkLost, match=r"the proxy .* cannot be reached \(Connection refused\)"):
            await WsDialer("wss://hub.test:1", way=lambda: proxy_in(f"{scheme}://127.0.0.1:{port}"))()
    with pytest.raises(LinkLost, match=r"the proxy .* cannot be found"):
        await WsDialer("wss://hub.test:1", way=lambda: proxy_in(f"{scheme}://proxy.invalid:1"))()


@pytest.mark.hazard("G4")
async def test_nothing_that_is_not_encrypted_goes_through_a_proxy() -> None:
    async with hub() as port, HttpProxy() as proxy:
        link = await WsDialer(f"ws://127.0.0.1:{port}", way=lambda: proxy_in(f"http://127.0.0.1:{proxy.port}"))()
        await link.close()
        assert proxy.asked == []


async def test_a_proxy_that_is_named_wrongly_is_told() -> None:
    def way() -> Proxy | None:
        return proxy_in("ftp://proxy:21")

    with pytest.raises(LinkLost, match="must begin with http://"):
        await WsDialer("wss://hub.test:1", way=way)()
