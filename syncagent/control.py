"""The ear of a running agent, or hub, for commands from the same user, in its data directory (``meeting``).

Lines of JSON.  One request on a connection, ``{"command": str, "args": {…}, "follow": bool}``; then, for one that
follows, any number of ``{"event": {…}}``; and at the end ``{"ok": true, "result": {…}}`` or
``{"ok": false, "error": {"kind": str, "message": str, "code": str}}``, where ``kind`` is a leaf of ``errors.py``.

Nobody but this user gets in (HAZARDS G8).  The server runs in the event loop of whoever listens.  The client is plain
blocking code, so that a command line starts quickly, and every face can use it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

from syncagent import errors
from syncagent.errors import LinkLost, NotRunning, Refused, SyncAgentError
from syncagent.listening import let_in_nobody_more
from syncagent.meeting import Meeting, NotOurs, new_meeting
from syncagent.model.values import fixed
from syncagent.replaced import failure

Answer: TypeAlias = dict[str, Any]
Handle: TypeAlias = Callable[[str, dict[str, Any]], Coroutine[Any, Any, Answer]]
Follow: TypeAlias = Callable[[str, dict[str, Any]], AsyncGenerator[Answer, None]]

_log: Final = logging.getLogger(__name__)

MAX_REQUEST: Final = 1 << 20
GOODBYE_SECONDS: Final = 2.0
MAX_ANSWER: Final = 256 << 20
"""What a client is ready to read in one line: a list of all skipped files can be long."""
LONGEST_PATIENCE: Final = 365 * 24 * 3600.0
"""No system counts endless seconds."""


class UnknownCommand(SyncAgentError):
    """What is running does not know the command: it is of another version."""


@dataclass(slots=True)
class ControlServer:
    """Answers commands at ``path``.  ``handle`` gives the answer to one; ``follow`` gives events until they end, or
    until the client goes.  Both may raise a SyncAgentError, which the client raises again.

    Use as ``async with``; take the data directory's lock before, since a socket left behind is removed.  ``who`` is
    what listens there, in what people read.
    """

    path: Path
    handle: Handle
    follow: Follow | None = None
    who: str = "agent"
    meeting: Meeting = field(default_factory=new_meeting)
    _server: asyncio.Server | None = field(default=None, init=False)
    _talks: dict[asyncio.Task[None], asyncio.Future[Any] | None] = field(default_factory=dict, init=False)
    """Who is being talked with, and what is cancelled to end that: an answer that is ready is still sent."""
    _stopping: bool = field(default=False, init=False)

    async def __aenter__(self) -> Self:
        self._server = await self.meeting.listen(self.path, self._accept, MAX_REQUEST, self.who)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        if self._server is not None:
            await let_in_nobody_more(self._server)
            self._server.close()
        for breakable in list(self._talks.values()):
            if breakable is not None:
                breakable.cancel()
        if self._talks:
            _, stuck = await asyncio.wait(self._talks, timeout=GOODBYE_SECONDS)
            for talk in stuck:
                talk.cancel()
        self.path.unlink(missing_ok=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._stopping:  # it was let in by the loop, and comes to us after the end
            writer.close()
            return
        talk = asyncio.ensure_future(self._talk(reader, writer))
        self._talks[talk] = talk  # before it begins: else an end in this very moment would not know of it

        def over(_: asyncio.Task[None]) -> None:
            writer.close()
            del self._talks[talk]

        talk.add_done_callback(over)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        try:
            if await self.meeting.admits(reader, writer):
                line = await reader.readline()
                await _write(writer, await self._answer_to(line, talk, reader, writer))
        except ValueError:
            pass  # a line beyond MAX_REQUEST
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client went, or we stop: there is no one left to tell

    async def _answer_to(
        self, line: bytes, talk: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Answer:
        try:
            command, args, follows = _request(line)
            work = self._send_events(writer, command, args) if follows else self.handle(command, args)
            self._talks[talk] = working = asyncio.ensure_future(work)
            return {"ok": True, "result": await _unless_gone(reader, working)}
        except SyncAgentError as error:
            return {"ok": False, "error": _told(error)}
        except ValueError as error:
            return {"ok": False, "error": {"kind": "SyncAgentError", "message": f"not a request: {error}"}}
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 - a bug in one command must not end the others
            _log.exception("a control command failed")
            return {"ok": False, "error": {"kind": "SyncAgentError", "message": failure(self.who)}}
        finally:
            self._talks[talk] = None

    async def _send_events(self, writer: asyncio.StreamWriter, command: str, args: dict[str, Any]) -> Answer:
        if self.follow is None:
            raise UnknownCommand(f"the {self.who} cannot follow {command!r}")
        async with contextlib.aclosing(self.follow(command, args)) as events:
            async for event in events:
                await _write(writer, {"event": event})
        return {}


async def _unless_gone(reader: asyncio.StreamReader, working: asyncio.Future[Answer]) -> Answer:
    """What ``working`` gives; it is cancelled when the client hangs up before (seen even while nothing is sent)."""
    gone = asyncio.ensure_future(reader.read(1))
    both: tuple[asyncio.Future[Any], ...] = (working, gone)
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not working.done() or working.cancelled():
            raise ConnectionResetError("the client hung up, or we stop")
        return working.result()
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)


def _request(line: bytes) -> tuple[str, dict[str, Any], bool]:
    try:
        said = json.loads(line)
    except RecursionError:
        raise ValueError("it is too deep") from None
    match said:
        case {"command": str() as command, **rest}:
            args = rest.get("args", {})
            if isinstance(args, dict):
                return command, args, rest.get("follow") is True
    raise ValueError('expected {"command": …, "args": {…}}')


async def _write(writer: asyncio.StreamWriter, message: Mapping[str, Any]) -> None:
    writer.write(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n")
    await writer.drain()


def _told(error: SyncAgentError) -> dict[str, str]:
    return {"kind": type(error).__name__, "message": str(error), "code": getattr(error, "code", "")}


@fixed
class ControlClient:
    """Asks who listens at ``path``; ``who`` that should be, and what starts it, are for people to read.  ``always`` are
    arguments that go along with each command."""

    path: Path
    who: str = "agent"
    start: str = "syncagent up"
    always: Mapping[str, Any] = field(default_factory=dict)
    meeting: Meeting = field(default_factory=new_meeting)

    def call(self, command: str, *, within: float | None = 30.0, **args: Any) -> Answer:
        """The answer to ``command``; ``within`` so many seconds, None for as long as it takes.

        Raises NotRunning when no one listens there, LinkLost when it went or did not answer in time, or what was raised
        there.
        """
        with self._ask(command, args, follow=False, within=within) as lines:
            for message in lines:
                return _answer(message)
        raise LinkLost(f"the {self.who} stopped before it answered")

    def follow(self, command: str, **args: Any) -> Iterator[Answer]:
        """Events, as they come, until the other side ends them or stops.  Raises as ``call`` does."""
        with self._ask(command, args, follow=True, within=None) as lines:
            for message in lines:
                if "event" not in message:
                    _answer(message)
                    return
                yield message["event"]

    @contextlib.contextmanager
    def _ask(
        self, command: str, args: Mapping[str, Any], *, follow: bool, within: float | None
    ) -> Iterator[Iterator[Answer]]:
        if within is not None:
            within = min(within, LONGEST_PATIENCE)
        try:
            link = self.meeting.connect(self.path, within)
        except NotOurs:
            raise NotRunning(f"what listens at {self.path} belongs to another user") from None
        except OSError:
            raise NotRunning(f"no {self.who} is running here; start it with `{self.start}`") from None
        with link:
            try:
                request = {"command": command, "args": {**self.always, **args}, "follow": follow}
                link.sendall(json.dumps(request).encode() + b"\n")
                with link.makefile("rb") as stream:
                    yield _messages(stream.readline)
            except TimeoutError:
                raise LinkLost(f"the {self.who} did not answer within {within:g} seconds") from None
            except OSError as error:
                raise LinkLost(f"the connection to the {self.who} broke: {error.strerror}") from None


def _messages(readline: Callable[[int], bytes]) -> Iterator[Answer]:
    while line := readline(MAX_ANSWER):
        try:
            message = json.loads(line)
        except ValueError:
            raise LinkLost("the answer was cut off") from None
        if isinstance(message, dict):
            yield message


def _answer(message: Answer) -> Answer:
    if message.get("ok") is True:
        result = message.get("result")
        return result if isinstance(result, dict) else {}
    error = message.get("error")
    raise _raised(error if isinstance(error, dict) else {})


def _raised(error: Mapping[str, Any]) -> SyncAgentError:
    """The error that was raised there, as one of ours again."""
    text, code = str(error.get("message", "no reason was given")), str(error.get("code", ""))
    if error.get("kind") == UnknownCommand.__name__:
        return UnknownCommand(text)
    kind = getattr(errors, str(error.get("kind")), SyncAgentError)
    if not (isinstance(kind, type) and issubclass(kind, SyncAgentError)):
        return SyncAgentError(text)
    if issubclass(kind, (Refused, errors.BadMessage)):
        return kind(code, text)
    return kind(text)
