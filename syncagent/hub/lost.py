"""Files of which blocks are lost, as those are told who may have them.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from syncagent.hub.rows import Row
from syncagent.model.ids import Digest
from syncagent.protocol.convert import wanted_to_wire
from syncagent.protocol.sync import WantedFile, WantedResponse

_ROOM: Final = 2 * 1024 * 1024


def needing(rows: Iterable[Row], lost: frozenset[Digest]) -> list[Row]:
    """Those of ``rows`` that are living files which need a block that is ``lost``."""
    return [row for row in rows if row.living and any(block.digest in lost for block in row.recipe)]


def wanted_messages(rows: Iterable[Row]) -> Iterator[WantedResponse]:
    """What is said of ``rows``: as many messages as it takes for each to be short enough."""
    files: list[WantedFile] = []
    room = _ROOM
    for row in rows:
        if row.content is None:
            continue
        room -= 256 + 88 * len(row.recipe)
        if files and room < 0:
            yield WantedResponse(files=tuple(files))
            files, room = [], _ROOM
        files.append(wanted_to_wire(row.id, row.content, row.recipe))
    if files:
        yield WantedResponse(files=tuple(files))
