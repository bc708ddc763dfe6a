"""When what the hub tells was done."""

from __future__ import annotations

from typing import Any

import pytest

from syncagent.engine.when import KEPT, When
from syncagent.protocol.envelope import MessageType, WebSocketMessage

TIME = "2026-11-22T23:18:00Z"


def message(data: dict[str, Any]) -> WebSocketMessage:
    return WebSocketMessage(type=MessageType.FILE_CHANGED, data=data, client_id="server", timestamp=TIME)


def change(seq: int) -> dict[str, Any]:
    return {"seq": seq, "server_time": f"2026-11-22T23:18:{seq % 60:02}Z"}


def test_of_one_change_and_of_several() -> None:
    when = When()
    when.hear(message(change(7)))
    assert (when.done, when.said) == ({7: "2026-11-22T23:18:07Z"}, TIME)
    when.hear(message({"changes": [change(8), change(9)]}))
    assert list(when.done) == [8, 9]
    when.hear(message({"kind": "verdicts", "verdicts": []}))
    assert when.done == {}


def test_of_a_mass_the_last_ones_alone() -> None:
    when = When()
    when.hear(message({"changes": [change(number) for number in range(1, 5_000)]}))
    assert len(when.done) == KEPT
    assert max(when.done) == 4_999
    when.most = 1 << 20
    when.hear(message({"changes": [change(number) for number in range(1, 5_000)]}))
    assert len(when.done) == 4_999


@pytest.mark.parametrize(
    "changes",
    [None, "x", [None], [{}], [{"seq": "1", "server_time": TIME}], [{"seq": 1, "server_time": 5}],
     [{"seq": 1, "server_time": ""}], [{"seq": 1, "server_time": "x" * 1000}], [{"seq": True, "server_time": TIME}]],
)  # fmt: skip
def test_what_is_not_as_it_should_be_is_left_out(changes: Any) -> None:
    when = When()
    when.hear(message({"changes": changes}))
    assert when.done == {}
