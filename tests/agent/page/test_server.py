"""The page's server, asked with raw HTTP: by its own page, and by those who are up to no good."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from syncagent.agent.page import server as served
from syncagent.agent.page.door import Door
from syncagent.agent.page.rules import MOST_BYTES
from syncagent.agent.page.server import PageServer
from syncagent.control import UnknownCommand
from syncagent.errors import NotAsked

Answer = dict[str, Any]


class Subject:
    def __init__(self) -> None:
        self.asked: list[tuple[str, Answer]] = []
        self.more = asyncio.Event()

    async def answer(self, what: str, args: Answer) -> Answer:
        self.asked.append((what, args))
        match what:
            case "undo":
                raise NotAsked("there is no such act")
            case "heal":
                raise ZeroDivisionError
            case "trees":
                raise UnknownCommand("not for pages")
        return {"said": what}

    async def news(self) -> AsyncGenerator[Answer, None]:
        yield {"state": "idle", "name": "\udcff"}
        await self.more.wait()
        yield {"state": "paused"}


class Reply:
    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}

    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """Says just what it is told to say."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookie = self.key = ""

    def head(self, method: str, path: str, **headers: str | None) -> bytes:
        given: dict[str, str | None] = {"Host": f"127.0.0.1:{self.port}", "Connection": "close"}
        if self.cookie:
            given["Cookie"] = self.cookie
        if self.key:
            given["X-Syncagent-Key"] = self.key
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [
            f"{method} {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in given.items() if value is not None),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    async def raw(self, sent: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(sent)
        try:
            return await reader.read()
        finally:
            writer.close()

    async def get(self, path: str, **headers: str | None) -> Reply:
        return Reply(await self.raw(self.head("GET", path, **headers)))

    async def post(self, path: str, body: bytes = b"{}", **headers: str | None) -> Reply:
        given: dict[str, str | None] = {
            "Origin": f"http://127.0.0.1:{self.port}", "Content_Type": "application/json",
            "Content_Length": str(len(body)),
        } | headers  # fmt: skip
        return Reply(await self.raw(self.head("POST", path, **given) + body))

    async def enter(self, url: str) -> Reply:
        parts = urlsplit(url)
        reply = await self.get(f"{parts.path}?{parts.query}")
        if reply.status == 200:
            self.cookie = reply.headers["set-cookie"].partition(";")[0]
            found = re.search(r'href="/#key=([\w-]+)(?:&amp;part=\w+)?"', reply.body.decode())
            self.key = found[1] if found else ""
        return reply


@pytest.fixture
def subject() -> Subject:
    return Subject()


@pytest.fixture
async def page(subject: Subject) -> AsyncIterator[PageServer]:
    made = PageServer(subject, "site")
    await made.url()
    yield made
    await made.close()


@pytest.fixture
async def browser(page: PageServer) -> Browser:
    made = Browser(page.port)
    await made.enter(await page.url())
    return made


async def test_a_ticket_becomes_a_cookie_that_no_script_and_no_other_site_gets(page: PageServer) -> None:
    browser = Browser(page.port)
    reply = await browser.enter(await page.url())
    assert reply.status == 200
    assert "HttpOnly" in reply.headers["set-cookie"]
    assert "SameSite=Strict" in reply.headers["set-cookie"]
    assert browser.key
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert (await browser.get("/")).status == 200


async def test_a_ticket_may_lead_to_a_part_of_the_page_and_to_nothing_else(page: PageServer) -> None:
    url = await page.url("conflicts")
    assert b"&amp;part=conflicts" in (await Browser(page.port).enter(url)).body
    for odd in ('"><script>', "//evil.example", "a" * 30):
        reply = await Browser(page.port).enter(await page.url(odd))
        assert (reply.status, b"part=" in reply.body, b"script" in reply.body) == (200, False, False)


@pytest.mark.hazard("G8")
async def test_a_ticket_that_was_used_lets_nobody_in(page: PageServer) -> None:
    url = await page.url()
    assert (await Browser(page.port).enter(url)).status == 200
    again = await Browser(page.port).enter(url)
    assert again.status == 403
    assert b"This page is closed" in again.body
    assert "set-cookie" not in again.headers


async def test_every_answer_says_what_a_browser_may_do_with_it(browser: Browser) -> None:
    for reply in (
        await browser.get("/"), await browser.get("/page.js"), await browser.get("/nowhere"),
        await browser.post("/ask/pause"), await browser.get("/", Host="evil.example"),
        await browser.get("/", Cookie=None),
    ):  # fmt: skip
        assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"


async def test_our_own_page_is_answered(browser: Browser, subject: Subject) -> None:
    reply = await browser.post("/ask/pause", b'{"seconds": 60}')
    assert (reply.status, reply.json()) == (200, {"ok": True, "result": {"said": "pause"}})
    assert subject.asked == [("pause", {"seconds": 60})]


@pytest.mark.hazard("G8")
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "localhost"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": None},
        {"Cookie": None},
        {"Cookie": "syncagent-visit=guessed"},
        {"X_Syncagent_Key": None},
        {"X_Syncagent_Key": "guessed"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
async def test_whoever_is_not_our_page_is_refused(
    browser: Browser, subject: Subject, headers: dict[str, str | None]
) -> None:
    reply = await browser.post("/ask/pause", **headers)
    assert reply.status == 403
    assert subject.asked == []


@pytest.mark.hazard("G8")
async def test_the_news_are_for_our_page_alone(browser: Browser) -> None:
    for headers in ({"Host": "evil.example"}, {"Cookie": None}, {"X_Syncagent_Key": None}, {"Origin": "null"}):
        assert (await browser.get("/events", **headers)).status == 403  # type: ignore[arg-type]


async def test_the_news_come_as_they_happen(browser: Browser, subject: Subject, page: PageServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", page.port)
    writer.write(browser.head("GET", "/events"))
    await reader.readuntil(b'data: {"state":"idle","name":"?"}\n\n')
    subject.more.set()
    await reader.readuntil(b'data: {"state":"paused"}\n\n')
    assert await reader.read() == b"\r\n0\r\n\r\n"
    writer.close()


async def test_the_news_end_with_the_visit(browser: Browser, subject: Subject, page: PageServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", page.port)
    writer.write(browser.head("GET", "/events"))
    await reader.readuntil(b"\n\n")
    assert (await browser.post("/ask/leave")).status == 200
    subject.more.set()
    assert b"paused" not in await reader.read()
    writer.close()
    assert (await browser.post("/ask/pause")).status == 403


async def test_what_goes_wrong_is_said(browser: Browser) -> None:
    undo = await browser.post("/ask/undo")
    assert (undo.status, undo.json()["error"]) == (409, {"kind": "NotAsked", "message": "there is no such act"})
    assert (await browser.post("/ask/trees")).status == 404
    failed = await browser.post("/ask/heal")
    assert (failed.status, "division" in failed.body.decode()) == (500, False)


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b'"text"', b"\xff", b"[" * 50_000])
async def test_what_is_no_object_is_no_request(browser: Browser, subject: Subject, body: bytes) -> None:
    reply = await browser.post("/ask/pause", body)
    assert reply.status == (200 if body == b"" else 400)
    assert len(subject.asked) == (1 if body == b"" else 0)


async def test_a_form_of_another_page_is_no_request(browser: Browser, subject: Subject) -> None:
    assert (await browser.post("/ask/pause", Content_Type="text/plain")).status == 415
    assert subject.asked == []


async def test_huge_bodies_are_not_taken_in(browser: Browser, subject: Subject) -> None:
    assert (await browser.post("/ask/pause", b" " * (MOST_BYTES + 2))).status == 413
    assert subject.asked == []


@pytest.mark.parametrize(
    "path",
    [
        "/../server.py", "/..%2fserver.py", "/%2e%2e/server.py", "/site/../../door.py", "/look/../look/files.py",
        "//etc/passwd", "/etc/passwd", "/page.js%00.css", "/index.html/", "/look/", "/.", "/ask/pause",
    ],
)  # fmt: skip
async def test_only_what_is_listed_can_be_read(browser: Browser, path: str) -> None:
    assert (await browser.get(path)).status == 404


async def test_what_is_no_http_ends_the_connection_and_nothing_else(browser: Browser) -> None:
    for garbage in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n"):
        await browser.raw(garbage + b"\r\n\r\n")
    assert (await browser.get("/")).status == 200


async def test_what_has_not_changed_is_not_sent_again(browser: Browser) -> None:
    tag = (await browser.get("/page.js")).headers["etag"]
    assert (await browser.get("/page.js", If_None_Match=tag)).status == 304


async def test_without_a_visit_one_sees_how_pages_look_and_that_this_one_is_closed(page: PageServer) -> None:
    stranger = Browser(page.port)
    assert (await stranger.get("/look/look.css")).status == 200
    for path in ("/", "/page.js", "/index.html"):
        reply = await stranger.get(path)
        assert (reply.status, b"This page is closed" in reply.body) == (403, True)


async def test_it_listens_only_while_someone_is_there(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(served, "LOOK_SECONDS", 0.01)
    page = PageServer(subject, "site", Door(lambda: now))
    assert page.port == 0
    await page.url()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(page.emptied(), 0.05)
    now = 10_000.0  # the ticket is too old by now
    await page.emptied()
    while page.listens:  # noqa: ASYNC110
        await asyncio.sleep(0)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", page.port)
    url = await page.url()
    assert (await Browser(page.port).enter(url)).status == 200, "and again when it is asked for"
    await page.close()


async def test_its_end_ends_all_that_is_told(browser: Browser, page: PageServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", page.port)
    writer.write(browser.head("GET", "/events"))
    await reader.readuntil(b"\n\n")
    await page.close()
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await reader.readuntil(b"never")
    writer.close()
