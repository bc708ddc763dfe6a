"""Two agents that have the same large file: one edits it, and what it tells of it reaches the other one."""

from __future__ import annotations

from random import Random

import pytest

from syncagent.engine import effects as ef
from syncagent.engine import events as ev
from syncagent.engine import local, outlining, slow
from syncagent.localfs import perusal, scanner
from syncagent.model.changes import Change, Operation
from syncagent.model.ids import ROOT, NodeId
from syncagent.model.names import Name
from syncagent.model.nodes import Content, File, Placement
from syncagent.model.splices import Kept
from tests.support.solo import OTHER, Solo, content_of

OLD = Random(11).randbytes(3 << 20)
NEW = OLD[: 1 << 20] + b"a word" + OLD[1 << 20 :]
LONGER = OLD + b"a line"


def small(patch: pytest.MonkeyPatch, large: int = 1 << 20) -> None:
    """A file of more than ``large`` bytes is a large one."""
    for module, name, size in (
        (scanner, "LARGE", large),
        (slow, "LARGE", large),
        (local, "LARGE", large),
        (outlining, "LEAST", large),
        (perusal, "PART", large // 4),
        (perusal, "TOLD_AT_ONCE", large // 2),
    ):
        patch.setattr(module, name, size)


class Two:
    """``sender`` and ``other`` are at one about ``big``."""

    def __init__(self, **more: bool) -> None:
        agreed = {"ahead": True, "outlines": True} | more
        self.sender = Solo().start().online(**agreed)
        self.sender.user.write("big", OLD)
        self.sender.hinted("big")
        self.sender.accept_all()
        self.other = Solo().start().online(**agreed)
        self.node = self.sender.id_of("big")
        content, recipe = content_of(OLD)
        self.other.hear(self.other.entry(self._file(content, 5), recipe=recipe))
        self.other.give(OLD)
        assert self.other.status.in_sync
        self.other.sent.clear()
        self.sender.sent.clear()

    def _file(self, content: Content, mtime_ns: int) -> File:
        return File(NodeId(self.node), Placement(ROOT, Name("big")), content, False, mtime_ns)

    def edit(self, data: bytes) -> None:
        self.sender.user.write("big", data)
        self.sender.hinted("big")

    def said(self) -> list[ef.SendOutline | ef.SendBlocks]:
        """What the sender has said of the file before it names it; it leaves."""
        said = [one for one in self.sender.sent if isinstance(one, ef.SendOutline | ef.SendBlocks)]
        self.sender.sent = [one for one in self.sender.sent if one not in said]
        self.sender.feed(*[ev.BlocksSent(one.number) for one in said])
        return said

    def pass_on(self, said: list[ef.SendOutline | ef.SendBlocks]) -> None:
        for one in said:
            if isinstance(one, ef.SendOutline):
                self.other.feed(ev.OutlineCame(one.node_id, one.base_rev, one.at, one.parts))
            else:
                blocks = tuple((block.digest, bytes(data)) for block, data in one.blocks)
                self.other.feed(ev.BlocksCame(blocks, ahead=one.ahead))

    def name(self) -> Change:
        """The change comes that names what the file has become."""
        for asked in self.sender.drain(ef.AskMissing):
            self.sender.feed(ev.HubLacks(asked.number, frozenset()))
        [change] = self.sender.accept()
        assert change.content is not None
        node = self._file(change.content, 9)
        self.other.hear(self.other.entry(node, Operation.UPDATE, OTHER, change.recipe))
        return change


def kept(said: list[ef.SendOutline | ef.SendBlocks]) -> int:
    """How many blocks of the base were told of."""
    parts = [part for one in said if isinstance(one, ef.SendOutline) for part in one.parts]
    return sum(part.count for part in parts if isinstance(part, Kept))
