"""One message of every kind and variant, both levels: what the golden files hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from syncagent.protocol.changes import FileChange
from syncagent.protocol.connection import Limits
from syncagent.protocol.sync import ListedFile, SyncOperation, WireVerdict
from syncagent.testing import messages as m

_A: Final = m.file("a.txt", b"alpha", mtime_ns=1_700_000_000_000_000_001)
_LARGE: Final = m.file(
    "docs/large.bin",
    size=7,
    digest="11" * 32,
    blocks=(("22" * 32, 3), ("33" * 32, 4)),
    parent_id=m.node_id("docs"),
    executable=True,
    mtime_ns=-1,
)

TO_HUB: Final[Mapping[str, str]] = {
    "connect_level_1": m.connect(level=1, api_key="k"),
    "connect_level_2": m.connect(folder="team", cursor=7, epoch="epoch-1", incarnation="i-1", api_key="k"),
    "connect_level_2_in_a_run": m.connect(cursor=7, epoch="epoch-1", run="run-1", incarnation="i-1", api_key="k"),
    "connect_blocks_channel": m.connect(channel="blocks", token="t"),
    "goodbye": m.goodbye(),
    "goodbye_with_reason": m.goodbye(reason="stopped by the user"),
    "heartbeat": m.heartbeat(),
    "notice_create": m.file_changed("create", "document.txt"),
    "notice_update": m.file_changed("update", "document.txt"),
    "notice_delete": m.file_changed("delete", "document.txt"),
    "notice_move": m.file_changed("move", "letters/document.txt", old_path="document.txt"),
    "submit_create_file": m.submit(_A),
    "submit_create_empty_file": m.submit(m.file("empty", b"")),
    "submit_create_large_file": m.submit(_LARGE),
    "submit_create_folder": m.submit(m.folder("docs")),
    "submit_create_link": m.submit(m.link("now", "docs/2026")),
    "submit_update": m.submit(m.update("a.txt", b"beta", executable=True)),
    "submit_move": m.submit(m.move("a.txt", "docs/b.txt", parent_id=m.node_id("docs"))),
    "submit_delete": m.submit(m.delete("a.txt", base_rev=3)),
    "submit_delete_of_all_beneath": m.submit(m.delete("docs", kind="directory", beneath=3, as_of=12)),
    "submit_batch": m.submit(m.folder("docs"), _LARGE, m.delete("a.txt")),
    "submit_confirmed": m.submit(m.delete("a.txt", base_rev=3), confirmed=True),
    "submit_confirmed_batch": m.submit(m.delete("a.txt"), m.delete("b.txt"), confirmed=True),
    "submit_batch_of_none": m.submit(),
    "ask_analysis": m.ask_analysis(
        ListedFile(path="a.txt", size=5, checksum="c", modified_time=m.TIME),
        ListedFile(path="b.txt", modified_time=1700000000.5),
    ),
    "ask_changes": m.ask_changes(7, limit=500, request_id="1"),
    "ask_changes_snapshot": m.ask_changes(7, snapshot=True),
    "ask_changes_plain": m.ask_changes(0, plain=True),
    "ask_missing": m.ask_missing(b"alpha", request_id="2"),
    "ask_missing_claim": m.ask_missing(b"alpha", b"beta", request_id="2", claim=True),
    "ask_blocks": m.ask_blocks(b"alpha", b"beta", request_id="3"),
    "ask_ahead": m.ask_ahead(1 << 20),
    "say_outline": m.say_outline("n1", 3, (0, 700), b"new", (701, 20), at=40),
}

TO_CLIENT: Final[Mapping[str, str]] = {
    "connected_level_1": m.connected(level=1),
    "connected_level_2": m.connected(head=12, limits=Limits(batch_changes=100)),
    "connected_in_a_run": m.connected(head=12, run="run-2"),
    "connected_diverged": m.connected(head=12, run="run-2", diverged=True),
    "refused": m.refused(),
    "left": m.left(),
    "hub_heartbeat": m.hub_heartbeat(),
    "told_notice": m.from_hub(FileChange(operation="update", file_path="document.txt", client_id="client-A")),
    "told_batch": m.tell(_A.model_copy(update={"seq": 13}), m.delete("b", seq=14, server_time=m.TIME)),
    "submit_splice": m.submit(m.update("b.bin", b"x" * 9, splice=((0, 40), ("33" * 32, 3), (41, 59)))),
    "told_splice": m.tell(
        m.update("b.bin", b"x" * 9, seq=16, rev=2, splice=((0, 40), ("33" * 32, 3), (41, 59)), server_time=m.TIME)
    ),
    "told_delete_of_all_beneath": m.tell(m.delete("docs", seq=19, rev=2, beneath=3, server_time=m.TIME)),
    "told_move": m.tell(m.move("a.txt", "b.txt", seq=15, rev=2, size=5, digest=_A.digest)),
    "told_outline": m.told_outline("n1", 3, (0, 700), b"new", (701, 20), at=40),
    "analysis": m.analysis(
        SyncOperation(operation="upload", file_path="a.txt", reason="the hub does not have it"),
        SyncOperation(operation="conflict", file_path="b.txt"),
        SyncOperation(operation="none", file_path="c.txt"),
    ),
    "changes_page": m.changes(_A.model_copy(update={"seq": 8}), head=12, more=True, next=8, request_id="1"),
    "changes_snapshot": m.changes(m.folder("docs", seq=3), head=12, snapshot=True),
    "changes_failed": m.changes(head=0, success=False, message="the hub failed", error_code="internal_error"),
    "missing": m.missing(b"alpha", request_id="2"),
    "missing_coming": m.missing(b"alpha", request_id="2", coming=(b"beta",)),
    "blocks_end": m.blocks_end(request_id="3"),
    "wanted": m.wanted(_A, _LARGE),
    "prepare": m.prepare(_A, _LARGE),
    "verdicts": m.verdicts(
        m.committed(_A, 13),
        WireVerdict(change_id="c2", status="duplicate", node_id="n2", seq=4, rev=1),
        WireVerdict(change_id="c3", status="needs_blocks", node_id="n3", missing=("22" * 32,)),
        m.rejected(m.delete("a.txt")),
        WireVerdict(change_id="c5", status="committed", node_id="n5", seq=17, rev=2, beneath=3),
    ),
    "error": m.error("rate_limited", details="50 messages a second", request_id="9", retry_after_ms=1500),
}
