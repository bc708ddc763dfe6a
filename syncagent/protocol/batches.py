"""Cuts many changes into messages.  Called by both halves before they send; the order stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from syncagent.protocol.connection import Limits

BATCH_SENT: Final = 1_000
"""So many changes are put into one message, although more are taken in."""

_ENVELOPE_BYTES: Final = 8192


def cut(changes: Iterable[str], limits: Limits, *, most: int = BATCH_SENT) -> Iterator[tuple[str, ...]]:
    """``changes``, each the text of one (``quick``), in order, cut into batches that each fit into one message: at most
    ``most`` changes, at most what was agreed, and short enough.

    A change that no message can hold (the recipe of an enormous file) is a batch by itself; the encoded text is then
    longer than ``limits.text_bytes``, which the sender finds before it is sent.
    """
    number = max(1, min(most, limits.batch_changes))
    batch: list[str] = []
    room = limits.text_bytes - _ENVELOPE_BYTES
    for change in changes:
        size = 1 + (len(change) if change.isascii() else len(change.encode()))
        if batch and (len(batch) >= number or size > room):
            yield tuple(batch)
            batch, room = [], limits.text_bytes - _ENVELOPE_BYTES
        batch.append(change)
        room -= size
    if batch:
        yield tuple(batch)
