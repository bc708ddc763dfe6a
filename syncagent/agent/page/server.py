"""Serves a page to the browser of the person whose agent this is, on 127.0.0.1, at whichever port is free.

It listens only while someone has a ticket, or is there; then it stops by itself.  In the event loop.  aiohttp comes
with this module alone, so that an agent whose page nobody looks at does not carry it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from syncagent.agent.page.door import Door, Visit, has_key
from syncagent.agent.page.ports import Answer, Subject
from syncagent.agent.page.rules import COOKIE, ENTRANCE, HEADERS, KEY_HEADER, MOST_BYTES, wrong_with
from syncagent.agent.page.threshold import Threshold
from syncagent.control import UnknownCommand
from syncagent.errors import BadConfig, SyncAgentError
from syncagent.listening import let_in_nobody_more
from syncagent.look.files import File, files_in, look
from syncagent.replaced import failure

SITES: Final = Path(__file__).parent
LOOK_SECONDS: Final = 20.0
"""How often it is looked whether anybody is there; and a page told that we are."""

_LEADS_ON: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>syncagent</title>'
    '<link rel="icon" href="/look/icon.svg">'
    '<meta http-equiv="refresh" content="0;url={0}"><a href="{0}">Go on</a></html>'
)
_LOG: Final = logging.getLogger("syncagent.page")
_HTTP_LOG: Final = logging.getLogger("syncagent.page.http")


def _is_ours(record: logging.LogRecord) -> bool:
    """What is no HTTP at all is nothing for the log (HAZARDS F9)."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


_HTTP_LOG.addFilter(_is_ours)


class PageServer:
    """``site`` is the folder of the page's own files, beside this module."""

    def __init__(self, subject: Subject, site: str, door: Door | None = None) -> None:
        self._subject = subject
        self._files: Mapping[str, File] = {**look(), **files_in(SITES / site)}
        self._door = door or Door(asyncio.get_running_loop().time)
        self._connections: dict[Threshold, None] = {}
        self._closing: Callable[[], Awaitable[None]] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._emptied = asyncio.Event()
        self.port = 0

    async def url(self, part: str = "") -> str:
        """Where a browser gets in, once, and comes to ``part``.  It listens from now on.  Raises BadConfig."""
        async with self._starting:
            if self._closing is None:
                await self._start()
        # Quoted for those who paste it: a ticket has nothing in it that would need that.
        place = f"&part={quote(part)}" if part else ""
        return f"http://127.0.0.1:{self.port}{ENTRANCE}?ticket={quote(self._door.ticket())}{place}"

    @property
    def listens(self) -> bool:
        return self._closing is not None

    async def emptied(self) -> None:
        """Wait until nobody is here any more, nor about to come."""
        await self._emptied.wait()

    async def close(self) -> None:
        """Everyone is out, and nobody gets in."""
        if self._watching is not None:
            self._watching.cancel()
        async with self._starting:
            if self._closing is not None:
                try:
                    await self._closing()
                finally:
                    self._closing = None

    async def _start(self) -> None:
        app = web.Application(client_max_size=MOST_BYTES, middlewares=[self._let_in])
        app.router.add_get(ENTRANCE, self._enter)
        app.router.add_get("/events", self._events)
        app.router.add_post("/ask/{what:[a-z.]{1,40}}", self._ask)
        app.router.add_get("/{path:.*}", self._file)
        runner = web.AppRunner(
            app, handle_signals=False, access_log=None, logger=_HTTP_LOG, keepalive_timeout=30, shutdown_timeout=0.5
        )
        await runner.setup()
        inner = runner.server
        assert inner is not None
        try:
            server = await asyncio.get_running_loop().create_server(
                lambda: Threshold(inner(), self._connections), "127.0.0.1", 0
            )
        except OSError as error:
            await runner.cleanup()
            raise BadConfig(f"the page cannot be served on 127.0.0.1: {error.strerror}") from error
        self.port = int(server.sockets[0].getsockname()[1])
        self._emptied.clear()

        async def closing() -> None:
            await let_in_nobody_more(server)
            server.close()
            for connection in list(self._connections):
                connection.drop()
            await runner.cleanup()

        self._closing = closing
        self._watching = asyncio.create_task(self._close_when_empty())

    async def _close_when_empty(self) -> None:
        while not self._door.empty:  # noqa: ASYNC110 - visits end by the clock, and nothing tells of it
            await asyncio.sleep(LOOK_SECONDS)
        self._emptied.set()
        self._watching = None
        await self.close()

    # --- requests ---------------------------------------------------------------------------------------------

    @web.middleware
    async def _let_in(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """What holds for every request, before anything else is looked at."""
        response: web.StreamResponse
        if wrong := wrong_with(request.method, request.path, request.headers, self.port):
            response = web.Response(status=403, text=wrong + "\n")
        elif (visit := self._visit(request)) is None and not _public(request):
            response = self._shut()
        else:
            if visit is not None:
                _welcome(request)
            try:
                response = await handler(request)
            except web.HTTPException as error:
                response = web.Response(status=error.status, text=f"{error.reason}\n")
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    async def _enter(self, request: web.Request) -> web.Response:
        visit = self._door.enter(request.query.get("ticket", ""))
        if visit is None:
            return self._shut()
        _welcome(request)
        part = request.query.get("part", "")
        place = f"&amp;part={part}" if part.isascii() and part.isalpha() and len(part) < 20 else ""
        # A page of ours that leads on, and no redirect: to a browser that would still be the step of whoever has opened
        # it, to whom no cookie is given back.  What follows # stays in the browser: it is in no request, and in no log.
        response = web.Response(text=_LEADS_ON.format(f"/#key={visit.key}{place}"), content_type="text/html")
        response.set_cookie(COOKIE, visit.cookie, httponly=True, samesite="Strict", path="/")
        return response

    async def _file(self, request: web.Request) -> web.Response:
        file = self._files.get("/index.html" if request.path == "/" else request.path)
        if file is None:
            raise web.HTTPNotFound
        if request.headers.get("If-None-Match") == f'"{file.tag}"':
            return web.Response(status=304)
        return web.Response(body=file.body, headers={"Content-Type": file.kind, "ETag": f'"{file.tag}"'})

    async def _ask(self, request: web.Request) -> web.Response:
        visit = self._visit(request)
        if visit is None or not _proven(request, visit):
            return _told(403, "KeyMissing", "this tab was not opened by a ticket")
        if request.content_type != "application/json":
            return _told(415, "BadRequest", "JSON is wanted")
        try:
            args = json.loads(await request.read() or b"{}")
        except (ValueError, RecursionError):
            args = None
        if not isinstance(args, dict):
            return _told(400, "BadRequest", "a JSON object is wanted")
        try:
            return _json(200, {"ok": True, "result": await self._answer(visit, request.match_info["what"], args)})
        except UnknownCommand as error:
            return _told(404, "UnknownCommand", str(error))
        except SyncAgentError as error:
            return _told(409, type(error).__name__, str(error))
        except Exception:  # noqa: BLE001 - a bug in one answer must not end the page
            _LOG.exception("what a page asked for failed")
            return _told(500, "SyncAgentError", failure("agent"))

    async def _answer(self, visit: Visit, what: str, args: dict[str, Any]) -> Answer:
        if what == "leave":
            self._door.leave(visit)
            return {}
        return await self._subject.answer(what, args)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """News as they come, as long as the visit lasts."""
        visit = self._visit(request)
        if visit is None or not _proven(request, visit):
            return _told(403, "KeyMissing", "this tab was not opened by a ticket")
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        visit.open += 1
        try:
            async for event in _with_pauses(self._subject):
                if not self._door.knows(visit):
                    break
                data = b": still here\n\n" if event is None else b"data: " + _encoded(event) + b"\n\n"
                await response.write(data)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the page went, or we stop
        finally:
            visit.open -= 1
        return response

    def _visit(self, request: web.Request) -> Visit | None:
        return self._door.visit(request.cookies.get(COOKIE, ""))

    def _shut(self) -> web.Response:
        file = self._files["/look/shut.html"]
        return web.Response(status=403, body=file.body, headers={"Content-Type": file.kind})


async def _with_pauses(subject: Subject) -> AsyncIterator[Answer | None]:
    """The news; None whenever there were none for a while."""
    async with contextlib.aclosing(subject.news()) as news:
        coming = asyncio.ensure_future(anext(news))
        try:
            while True:
                done, _ = await asyncio.wait([coming], timeout=LOOK_SECONDS)
                if not done:
                    yield None
                    continue
                try:
                    event = coming.result()
                except StopAsyncIteration:
                    return
                yield event
                coming = asyncio.ensure_future(anext(news))
        finally:
            coming.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                await coming


def _public(request: web.Request) -> bool:
    """What shows nothing of anyone's: how pages look, and that one is closed."""
    return request.path == ENTRANCE or (request.method == "GET" and request.path.startswith("/look/"))


def _proven(request: web.Request, visit: Visit) -> bool:
    return has_key(visit, request.headers.get(KEY_HEADER, ""))


def _welcome(request: web.Request) -> None:
    threshold = request.transport.get_protocol() if request.transport is not None else None
    if isinstance(threshold, Threshold):
        threshold.welcome()


def _json(status: int, answer: Answer) -> web.Response:
    return web.Response(status=status, body=_encoded(answer), headers={"Content-Type": "application/json"})


def _told(status: int, kind: str, message: str) -> web.Response:
    return _json(status, {"ok": False, "error": {"kind": kind, "message": message}})


def _encoded(value: Any) -> bytes:
    # Names of files may hold what is no text; a browser is shown something in its place.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode("utf-8", "replace")
