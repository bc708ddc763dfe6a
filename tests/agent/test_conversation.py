"""One connection, carried over a link in memory, in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from blake3 import blake3

from syncagent.agent import conversation
from syncagent.agent.conversation import Conversation
from syncagent.agent.outbox import Paces
from syncagent.agent.tally import BeginAnew
from syncagent.content.digest import digest_of
from syncagent.engine.dialogue import Dialogue, Introduction
from syncagent.engine.effects import AskBlocks, AskChanges, CloseLink, GiveRoom, SendBlocks, SendOutline
from syncagent.engine.events import BlocksSent, CaughtUp, Event, LinkDown, Welcomed
from syncagent.errors import LinkLost, Refused
from syncagent.model.ids import ClientId, Digest, NodeId, Rev, Seq
from syncagent.model.nodes import Block
from syncagent.model.splices import Kept
from syncagent.transport.ports import Link
from syncagent.transport.traffic import Traffic
from tests.support.virtual_time import run_virtually

WHEN = "2026-11-22T23:18:00Z"
WHO = Introduction(ClientId("laptop-1"), "Laptop", "/home/ann/Sync", "key")


def hub(type_: str, **data: Any) -> str:
    return json.dumps({"type": type_, "data": data, "client_id": "server", "timestamp": WHEN})


WELCOME = hub(
    "client_connect", success=True, message="", server_time=WHEN, protocol_version=2, hub_id="h", epoch="e", head=3,
    capabilities=["journal", "batch", "blocks", "push"], heartbeat_interval=30,
)  # fmt: skip
PAGE = hub("sync_response", success=True, message="", kind="changes", changes=[], head=3, more=False, next=3)


class MemoryLink:
    """The agent's end; the test is the hub.  ``room`` frames can be on their way before ``send`` has to wait."""

    def __init__(self, room: int = 1000) -> None:
        self.sent: asyncio.Queue[str | bytes] = asyncio.Queue(room)
        self.coming: asyncio.Queue[str | bytes | Exception] = asyncio.Queue()
        self.closed = False

    def send_at_once(self, frame: str | bytes) -> bool:
        if self.sent.full() or len(frame) > 65_536:
            return False
        self.sent.put_nowait(frame)
        return True

    async def send_text(self, text: str | bytes) -> None:
        await self.sent.put(text)

    async def send_binary(self, frame: bytes) -> None:
        await self.sent.put(frame)

    async def receive(self) -> str | bytes:
        frame = await self.coming.get()
        if isinstance(frame, Exception):
            raise frame
        return frame

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed = True

    async def next_type(self) -> str:
        frame = await self.sent.get()
        return "pack" if isinstance(frame, bytes) else str(json.loads(frame)["type"])


class Room:
    """A conversation over one link, and all that was heard in it."""

    def __init__(self, link: MemoryLink) -> None:
        self.link = link
        self.heard: list[Event] = []
        self._news = asyncio.Event()
        self.traffic, self.paces = Traffic(), Paces()
        self.conversation = Conversation(
            self._dial, lambda now: Dialogue(WHO, lambda: WHEN, now), self.heard_more, self.traffic, self.paces
        )
        self.talking = asyncio.ensure_future(self.conversation.talk())

    async def _dial(self) -> Link:
        return self.link

    def heard_more(self, events: Sequence[Event]) -> None:
        self.heard.extend(events)
        self._news.set()

    async def until(self, so: Callable[[], bool]) -> None:
        while not so():
            self._news.clear()
            await self._news.wait()

    async def welcome(self, *capabilities: str) -> None:
        assert await self.link.next_type() == "client_connect"
        answer = json.loads(WELCOME)
        answer["data"]["capabilities"] += capabilities
        self.link.coming.put_nowait(json.dumps(answer))
        await self.until(lambda: bool(self.heard))


def in_room(story: Callable[[Room], Awaitable[None]], room: int = 1000) -> None:
    async def run() -> None:
        made = Room(MemoryLink(room))
        try:
            await story(made)
        finally:
            made.talking.cancel()
            await asyncio.gather(made.talking, return_exceptions=True)

    run_virtually(run())


def blocks(count: int) -> SendBlocks:
    many = [bytes([number]) * 200_000 for number in range(count)]
    return SendBlocks(7, tuple((Block(Digest(blake3(one).digest()), len(one)), one) for one in many))


def test_what_is_asked_goes_out_and_what_is_answered_comes_in() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        assert isinstance(room.heard[0], Welcomed)
        assert room.conversation.last_contact is not None
        room.conversation.send(AskChanges(Seq(3)))
        assert await room.link.next_type() == "sync_request"
        room.link.coming.put_nowait(PAGE)
        await room.until(lambda: len(room.heard) == 2)
        assert room.heard[1] == CaughtUp((), Seq(3), False, False, Seq(3))

    in_room(story)


def test_what_someone_waits_for_leaves_at_once_where_nothing_is_before_it() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        await asyncio.sleep(1)
        before = room.traffic.sent
        room.conversation.send(AskChanges(Seq(3)))
        assert room.link.sent.qsize() == 1, "without a turn of the event loop"
        assert room.traffic.sent > before
        room.conversation.send(blocks(1))
        room.conversation.send(AskChanges(Seq(3)))
        assert room.link.sent.qsize() == 1, "what is on its way out already stays in its order"
        assert [await room.link.next_type() for _ in range(3)] == ["sync_request", "sync_request", "pack"]
        room.paces.up.rate = 1_000_000
        await asyncio.sleep(1)
        room.conversation.send(AskChanges(Seq(3)))
        assert room.link.sent.qsize() == 0, "what is limited is counted"
        assert await room.link.next_type() == "sync_request"

    in_room(story)


def test_all_that_goes_over_the_connection_is_counted() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        assert room.traffic.received == len(WELCOME) + 4
        said = room.traffic.sent
        assert (said > 100, room.traffic.content_sent) == (True, 0)
        room.conversation.send(blocks(2))
        await room.until(lambda: BlocksSent(7) in room.heard)
        assert room.traffic.content_sent == room.traffic.sent - said
        assert 400_000 < room.traffic.content_sent < 401_000

    in_room(story)


def test_without_a_connection_nothing_is_said() -> None:
    async def run() -> None:
        async def nobody() -> Link:
            raise LinkLost("nobody there")

        heard: list[Event] = []
        conversation = Conversation(nobody, lambda now: Dialogue(WHO, lambda: WHEN, now), heard.extend, Traffic())
        conversation.send(AskChanges(Seq(3)))
        with pytest.raises(LinkLost):
            await conversation.talk()
        assert heard == [LinkDown("nobody there")]

    run_virtually(run())


@pytest.mark.hazard("F1")
def test_a_broken_link_is_told_and_raised() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        room.link.coming.put_nowait(LinkLost("broke"))
        with pytest.raises(LinkLost):
            await room.talking
        assert room.heard[-1] == LinkDown("broke")
        assert not room.conversation.connected
        assert room.link.closed

    in_room(story)


@pytest.mark.hazard("G1")
def test_a_refusal_is_final() -> None:
    async def story(room: Room) -> None:
        room.link.coming.put_nowait(
            hub(
                "client_connect",
                success=False,
                message="no such key",
                server_time=WHEN,
                error_code="authentication_failed",
            )
        )
        with pytest.raises(Refused):
            await room.talking
        assert room.heard == [LinkDown("no such key", final=True)]

    in_room(story)


@pytest.mark.hazard("E6")
def test_an_id_that_another_machine_has_taken_is_given_up() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        room.link.coming.put_nowait(hub("error", error_code="client_id_in_use", message="another has it"))
        with pytest.raises(BeginAnew, match="is a copy of the other"):
            await room.talking
        assert room.heard[-1] == LinkDown("another has it")

    in_room(story)


@pytest.mark.hazard("G13")
def test_a_hub_that_breaks_the_protocol_is_left() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        room.link.coming.put_nowait("<html>")
        with pytest.raises(LinkLost, match="broke the protocol"):
            await room.talking
        assert isinstance(room.heard[-1], LinkDown)

    in_room(story)


@pytest.mark.hazard("F1", "F23")
def test_heartbeats_go_out_and_silence_is_noticed() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        clock = asyncio.get_running_loop().time
        beats = []
        for _ in range(3):
            assert await room.link.next_type() == "heartbeat"
            beats.append(clock())
            room.link.coming.put_nowait(hub("heartbeat", timestamp=WHEN))
        assert beats == [30, 60, 90]
        with pytest.raises(LinkLost, match="silent"):
            await room.talking
        assert clock() == 90 + 75

    in_room(story)


def test_the_hubs_question_is_answered_at_once() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        await asyncio.sleep(20)
        room.link.coming.put_nowait(hub("heartbeat", timestamp=WHEN))
        assert await room.link.next_type() == "heartbeat"
        assert asyncio.get_running_loop().time() == 20

    in_room(story)


def test_a_probe_asks_at_once() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        await asyncio.sleep(10)
        room.conversation.probe()
        assert await room.link.next_type() == "heartbeat"
        with pytest.raises(LinkLost):
            await room.talking
        assert asyncio.get_running_loop().time() <= 16

    in_room(story)


def test_what_someone_waits_for_overtakes_the_blocks_of_large_files() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        room.conversation.send(blocks(10))
        await asyncio.sleep(0.1)
        room.conversation.send(AskChanges(Seq(3)))
        order = [await room.link.next_type() for _ in range(11)]
        assert order.index("sync_request") <= 2
        assert sorted(order) == ["pack"] * 10 + ["sync_request"]
        await room.until(lambda: BlocksSent(7) in room.heard)

    in_room(story, room=1)


def test_blocks_are_told_to_have_left_when_they_have() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        room.conversation.send(blocks(3))
        await asyncio.sleep(0.1)
        assert BlocksSent(7) not in room.heard
        for _ in range(3):
            await room.link.next_type()
        await asyncio.sleep(0.1)
        assert room.heard[-1] == BlocksSent(7)

    in_room(story, room=1)


def test_who_is_stopped_says_farewell() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        room.talking.cancel()
        await asyncio.gather(room.talking, return_exceptions=True)
        assert await room.link.next_type() == "client_disconnect"
        assert room.link.closed

    in_room(story)


def test_who_is_stopped_does_not_wait_for_a_hub_that_takes_nothing() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        room.conversation.send(blocks(3))
        await asyncio.sleep(0.1)
        before = asyncio.get_running_loop().time()
        room.talking.cancel()
        await asyncio.gather(room.talking, return_exceptions=True)
        assert asyncio.get_running_loop().time() - before <= 1
        assert room.link.closed

    in_room(story, room=1)


def test_closing_at_the_engines_wish() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        room.conversation.send(CloseLink("begin anew"))
        await room.talking
        assert room.heard[-1] == LinkDown("begin anew")
        assert await room.link.next_type() == "client_disconnect"

    in_room(story)


def test_closing_for_good() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        room.conversation.send(CloseLink("another hub", again=False))
        with pytest.raises(Refused, match="another hub"):
            await room.talking
        assert room.heard[-1] == LinkDown("another hub", final=True)

    in_room(story)


def test_when_the_hub_was_heard_is_kept_by_a_clock_that_no_one_sets() -> None:
    async def story(room: Room) -> None:
        assert room.conversation.heard_at is None
        await room.welcome()
        loop = asyncio.get_running_loop()
        assert room.conversation.heard_at == loop.time()
        assert room.conversation.patience == 45.0, "one heartbeat and a half"
        await asyncio.sleep(20)
        room.link.coming.put_nowait(hub("heartbeat", timestamp=WHEN))
        await asyncio.sleep(0.001)
        assert loop.time() - room.conversation.heard_at < 1

    in_room(story)


def test_a_limit_holds_back_a_large_file_and_no_edit_until_it_is_taken_off() -> None:
    async def story(room: Room) -> None:
        loop = asyncio.get_running_loop()
        await room.welcome()
        room.paces.up.change(100_000)
        began = loop.time()
        room.conversation.send(blocks(5))
        assert await room.link.next_type() == "pack"
        assert await room.link.next_type() == "pack"
        assert loop.time() - began == pytest.approx(2, abs=0.1), "200 kB later"
        room.conversation.send(AskChanges(Seq(3)))
        assert await room.link.next_type() == "sync_request"
        assert loop.time() - began == pytest.approx(2, abs=0.1), "at once"
        room.paces.up.change(0)
        room.conversation.paced()
        await room.until(lambda: BlocksSent(7) in room.heard)
        assert loop.time() - began == pytest.approx(2, abs=0.1)

    in_room(story)


def test_a_limit_on_what_comes_asks_for_less_at_a_time() -> None:
    async def story(room: Room) -> None:
        loop = asyncio.get_running_loop()
        await room.welcome()
        room.paces.down.change(262_144)
        began = loop.time()
        room.conversation.send(AskBlocks(1, tuple(Digest(bytes([number]) * 32) for number in range(8))))
        asked = [json.loads(await room.link.sent.get())["data"]["digests"] for _ in range(8)]
        assert all(len(digests) == 1 for digests in asked)
        assert loop.time() - began == pytest.approx(7 * 65_536 / 262_144, abs=0.1)

    in_room(story)


def test_who_limits_what_comes_makes_no_room_for_what_was_not_asked_for() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        room.paces.down.change(262_144)
        room.conversation.send(GiveRoom(1 << 20))
        room.conversation.send(AskChanges(Seq(3)))
        assert json.loads(await room.link.sent.get())["data"]["kind"] == "changes"
        room.paces.down.change(0)
        room.conversation.send(GiveRoom(1 << 20))
        assert json.loads(await room.link.sent.get())["data"]["kind"] == "ahead"

    in_room(story)


def test_where_the_hub_is_to_be_found_elsewhere_the_connection_is_made_anew_and_there() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        elsewhere = MemoryLink()

        async def dial() -> Link:
            return elsewhere

        room.conversation.refusal = "the key is not valid"
        room.conversation.redial(dial, "the settings have changed")
        await room.talking
        assert (room.link.closed, room.conversation.refusal) == (True, "")
        assert room.heard[-1] == LinkDown("the settings have changed"), "no failure, and no reason to wait"
        room.talking = asyncio.ensure_future(room.conversation.talk())
        assert await elsewhere.next_type() == "client_connect"

    in_room(story)


def test_a_pause_keeps_back_what_waits_to_leave_and_no_word_of_life() -> None:
    async def story(room: Room) -> None:
        await room.welcome()
        room.conversation.hold(held=True)
        room.conversation.send(blocks(2))
        room.conversation.send(AskChanges(Seq(3)))
        assert await room.link.next_type() == "sync_request"
        assert BlocksSent(7) not in room.heard
        room.conversation.hold(held=False)
        assert await room.link.next_type() == "pack"
        await room.until(lambda: BlocksSent(7) in room.heard)

    in_room(story)


def test_a_machine_that_goes_to_sleep_says_goodbye_and_does_not_call_before_it_wakes() -> None:
    async def story(room: Room) -> None:
        loop = asyncio.get_running_loop()
        await room.welcome()
        while not room.link.sent.empty():
            room.link.sent.get_nowait()
        await room.conversation.rest("this machine goes to sleep")
        assert room.link.closed
        assert await room.link.next_type() == "client_disconnect"
        await room.talking
        assert isinstance(room.heard[-1], LinkDown)
        assert room.heard[-1].reason == "this machine goes to sleep"
        again, began = asyncio.ensure_future(room.conversation.talk()), loop.time()
        await asyncio.sleep(10)
        assert room.link.sent.empty()
        room.conversation.rise()
        assert await room.link.next_type() == "client_connect"
        assert loop.time() - began == pytest.approx(10)
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)

    in_room(story)


def test_a_sleep_that_does_not_come_keeps_the_hub_waiting_for_a_while_only() -> None:
    async def story(room: Room) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await room.welcome()
        await room.conversation.rest("this machine goes to sleep")
        await room.talking
        again = asyncio.ensure_future(room.conversation.talk())
        while await room.link.next_type() != "client_connect":
            pass
        assert loop.time() - began == pytest.approx(conversation.REST_SECONDS, abs=2)
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)

    in_room(story)


def test_another_network_ends_a_call_that_leads_nowhere_and_doubts_a_connection() -> None:
    async def run() -> None:
        calls: list[str] = []
        nudges: list[int] = []

        async def dial() -> Link:
            calls.append("call")
            await asyncio.Event().wait()
            raise AssertionError

        one = Conversation(dial, lambda now: Dialogue(WHO, lambda: WHEN, now), lambda events: None, Traffic())
        talking = asyncio.ensure_future(one.talk())
        await asyncio.sleep(3)
        one.doubt(lambda: nudges.append(1))
        with pytest.raises(LinkLost, match="the network has changed while the hub was called"):
            await talking
        assert (calls, nudges) == (["call"], [1])
        again = asyncio.ensure_future(one.talk())
        for _ in range(5):  # a network in which something comes and goes all the time
            await asyncio.sleep(3)
            one.doubt(lambda: nudges.append(1))
        assert not again.done()
        await asyncio.sleep(conversation.PATIENT_SECONDS)
        one.doubt(lambda: nudges.append(1))
        with pytest.raises(LinkLost):
            await again

    run_virtually(run())

    async def story(room: Room) -> None:
        loop = asyncio.get_running_loop()
        await room.welcome()
        began = loop.time()
        room.conversation.doubt(lambda: pytest.fail("there is a connection"))
        with pytest.raises(LinkLost):
            await room.talking
        assert loop.time() - began == pytest.approx(5, abs=0.1)

    in_room(story)


def test_how_a_file_begins_is_said_in_the_order_of_what_is_new_in_it_and_after_what_somebody_waits_for() -> None:
    async def story(room: Room) -> None:
        await room.welcome("ahead", "outline")
        data = b"new"
        block = Block(digest_of(data), len(data))
        room.conversation.send(SendOutline(1, NodeId("n"), Rev(3), 0, (Kept(0, 4), block)))
        room.conversation.send(SendBlocks(2, ((block, data),), ahead=True))
        room.conversation.send(SendOutline(3, NodeId("n"), Rev(3), 5, (Kept(5, 4),)))
        room.conversation.send(AskChanges(Seq(3)))
        frames = [await room.link.sent.get() for _ in range(4)]
        kinds = [json.loads(frame)["data"]["kind"] if isinstance(frame, str) else frame[0] for frame in frames]
        assert kinds == ["changes", "outline", 3, "outline"]

    in_room(story)
