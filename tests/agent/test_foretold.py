"""The numbers of a dry run; ``test_foresight`` has them from real folders and hubs."""

from __future__ import annotations

from syncagent.agent.foretold import ACTIONS, Foretold, Row
from syncagent.model.acts import Direction
from syncagent.model.names import RelPath


def test_it_is_told_with_every_action_and_every_kind() -> None:
    rows = [
        Row("send", "file", RelPath("a"), size=3, new=True),
        Row("move here", "folder", RelPath("new"), RelPath("old")),
        Row("delete there", "link", RelPath("l")),
    ]
    skipped, held = [(RelPath("pipe"), "it is a pipe")], [(Direction.OUT, 12, 1)]
    told = Foretold(rows, 3, 0, 5, 4, False, skipped, 2, held, True, {}, ["look out"]).as_dict()
    assert list(told["summary"]) == list(ACTIONS)
    assert told["summary"]["send"] == {"files": 1, "folders": 0, "links": 0}
    assert told["summary"]["delete there"] == {"files": 0, "folders": 0, "links": 1}
    assert told["changes"] == [
        {"action": "send", "kind": "file", "path": "a", "size": 3, "new": True},
        {"action": "move here", "kind": "folder", "path": "new", "size": None, "from": "old"},
        {"action": "delete there", "kind": "link", "path": "l", "size": None},
    ]
    assert told["held"] == [{"direction": "outgoing", "deleted": 12, "overwritten": 1}]
    assert told["cannot_keep"] == [{"path": "pipe", "reason": "it is a pipe"}]
