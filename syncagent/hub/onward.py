"""Larger blocks on their way to one client, before a change names them: passed on as they came from another; and how a
large file begins that has changed, in the same order, since what is new of it comes in such blocks.

A client has said for how many bytes it has room.  They leave in the order in which they came, so that what the client
has is the beginning of a file, and not one with holes; of what waits for longer only the digests are remembered, and
the bytes are read from the store when their turn has come.  Whatever did not come like this the client asks for, when
it hears of the change.  Called by ``member``; pure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Mapping
from dataclasses import field
from typing import Final

from syncagent.hub.rows import Timed
from syncagent.hub.tasks import Fetch, Fetched
from syncagent.model.ids import Digest, NodeId
from syncagent.model.values import fixed, replace
from syncagent.protocol.codec import Pack
from syncagent.protocol.packs import KIND_AHEAD, encode_packs, wire_bytes
from syncagent.protocol.sync import OutlineRequest, OutlineResponse

WAITING_BYTES: Final = 16 * 1024 * 1024
"""So much is held in memory for one client, at the most."""

WAITING_BLOCKS: Final = 65_536
"""More blocks than that are not remembered: 8 GiB of a large file."""

MOST_ROOM: Final = 64 * 1024 * 1024


@fixed
class Onward:
    """A pack, as it came; empty when its bytes are to be read again.  ``size`` is that of its blocks, unpacked;
    ``plain``: none of them is compressed."""

    frame: bytes = field(repr=False)
    digests: tuple[Digest, ...]
    size: int
    plain: bool

    @property
    def weight(self) -> int:
        return len(self.digests)


@fixed
class Outline:
    """How a large file goes on that has changed: passed on as it was said."""

    body: OutlineResponse
    frame: bytes = b""
    digests: tuple[Digest, ...] = ()
    """Of what is new in it."""

    @property
    def weight(self) -> int:
        return len(self.body.parts) + 1  # of those that say nothing there would be no end


class PassedOn:
    """What of it goes to one client.  ``agreed``: whether any does; ``outlines``: whether those do; ``zstd``: whether
    it takes compressed blocks."""

    def __init__(self, *, agreed: bool, zstd: bool, outlines: bool = False) -> None:
        self._agreed = agreed
        self._outlines = outlines
        self._unwanted: dict[Digest, None] = {}
        """What is new in outlines that it is not told: their blocks would be of no use to it by now."""
        self._zstd = zstd
        self._room = 0
        self._heard = False
        """Whether the client has said anything of room."""
        self._gap = False
        self._unkept = False
        """Whether what is to be read is still on its way into the store."""
        self._waiting: deque[Onward | Outline] = deque()
        self._bytes = self._blocks = 0
        self.fetch: Fetch | None = None
        """What is being read from the store."""

    def give(self, room: int) -> None:
        """There is so much more room."""
        self._heard = True
        self._room = min(self._room + room, MOST_ROOM)

    def add(self, pack: Onward | Outline) -> None:
        """This came from another client."""
        if not self._agreed or self._is_unwanted(pack) or self._gap:
            return
        self._unkept = False
        if self._blocks + pack.weight > WAITING_BLOCKS or not self._heard:
            self._gap = True
            return
        if isinstance(pack, Outline):
            self._blocks += pack.weight
            self._waiting.append(pack)
            return
        if self._bytes + len(pack.frame) > WAITING_BYTES or not (pack.plain or self._zstd):
            pack = replace(pack, frame=b"")
        self._bytes += len(pack.frame)
        self._blocks += pack.weight
        self._waiting.append(pack)

    def _is_unwanted(self, pack: Onward | Outline) -> bool:
        if isinstance(pack, Outline):
            if self._agreed and not self._outlines and len(self._unwanted) < WAITING_BLOCKS:
                self._unwanted.update(dict.fromkeys(pack.digests))
            return not self._outlines
        if not self._unwanted or not all(digest in self._unwanted for digest in pack.digests):
            return False
        for digest in pack.digests:
            self._unwanted.pop(digest, None)
        return True

    @property
    def waits(self) -> bool:
        """Whether anything is to leave, as soon as there is room for it."""
        return bool(self._waiting)

    def take(self) -> bytes | OutlineResponse | None:
        """The next frame, or word, that is to leave."""
        if self.fetch is not None or not self._waiting:
            return None
        pack = self._waiting[0]
        if isinstance(pack, Outline):
            self._next()
            return pack.body
        if not pack.frame or pack.size > self._room:
            return None
        self._next()
        self._room -= pack.size
        return pack.frame

    def next_fetch(self) -> Fetch | None:
        """What is to be read from the store to go on."""
        if self.fetch is not None or self._unkept or not self._waiting:
            return None
        pack = self._waiting[0]
        if isinstance(pack, Outline) or pack.frame or pack.size > self._room:
            return None
        self._next()
        self._room -= pack.size
        self.fetch = Fetch(pack.digests, pack.size, unasked=True)
        return self.fetch

    def fetched(self, answer: Fetched | None) -> list[bytes]:
        """It was read (None: it could not be): the frames that leave now."""
        wanted, self.fetch = self.fetch, None
        if answer is not None and answer.lacking and wanted is not None:
            # They wait for the disk still: a slow reader is behind the store, and a quick one is not.  Once more, then,
            # when the next have come.
            self._room += wanted.room
            self._waiting.appendleft(Onward(b"", wanted.digests, wanted.room, plain=True))
            self._blocks += len(wanted.digests)
            self._unkept = True
            return []
        if answer is None or wanted is None or len(answer.blocks) < len(wanted.digests):
            self._empty()
            self._gap = True
            return []
        return list(encode_packs(answer.blocks, compress=self._zstd, kind=KIND_AHEAD))

    def told(self, entries: Iterable[Timed]) -> None:
        """The client has heard of these.  Of a large file among them it asks for whatever it lacks, and what comes from
        now on may be the beginning of another one."""
        if not self._gap and not self._waiting:
            return
        told = [one.entry for one in entries]
        self._over({entry.node_id for entry in told})
        if large := [entry.recipe for entry in told if len(entry.recipe) > 1]:
            self._gap = False
            self.asked(block.digest for recipe in large for block in recipe)

    def _over(self, told: Container[NodeId]) -> None:
        """How these files begin need not be said any more, nor what is new in them."""
        said = [pack for pack in self._waiting if isinstance(pack, Outline) and pack.body.node_id in told]
        new = frozenset(digest for pack in said for digest in pack.digests)

        def is_over(pack: Onward | Outline) -> bool:
            return pack.body.node_id in told if isinstance(pack, Outline) else new.issuperset(pack.digests)

        if said:
            self._keep([pack for pack in self._waiting if not is_over(pack)])

    def asked(self, digests: Iterable[Digest]) -> None:
        """It asks for these, and is given them: they need not come twice."""
        if not self._waiting:
            return
        wanted = frozenset(digests)
        self._keep([pack for pack in self._waiting if isinstance(pack, Outline) or wanted.isdisjoint(pack.digests)])

    def _keep(self, left: list[Onward | Outline]) -> None:
        self._empty()
        self._waiting.extend(left)
        self._bytes = sum(len(pack.frame) for pack in left)
        self._blocks = sum(pack.weight for pack in left)

    def _next(self) -> Onward | Outline:
        pack = self._waiting.popleft()
        self._bytes -= len(pack.frame)
        self._blocks -= pack.weight
        return pack

    def _empty(self) -> None:
        self._waiting.clear()
        self._bytes = self._blocks = 0


def outlined(request: OutlineRequest) -> Outline:
    """An outline that came."""
    digests = tuple(Digest(bytes.fromhex(one)) for one, _ in request.parts if isinstance(one, str))
    body = OutlineResponse(node_id=request.node_id, base_rev=request.base_rev, at=request.at, parts=request.parts)
    return Outline(body, digests=digests)


def onward(pack: Pack, packed: Mapping[Digest, memoryview]) -> Onward:
    """A pack that came, with how its blocks travelled."""
    sizes = {digest: len(plain) for digest, plain in pack.blocks}
    plain = all(wire_bytes(entry) == sizes[digest] for digest, entry in packed.items())
    return Onward(pack.frame, tuple(sizes), sum(sizes.values()), plain)
