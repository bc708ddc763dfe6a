"""The benchmarks measure what they say: a small run of our own, and their parts."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from benchmarks.peers.commands import Copy
from benchmarks.peers.ours import Ours
from benchmarks.proxy import Proxy
from benchmarks.runner import Runner
from benchmarks.trees import Arrival, Templates, differences, make_small_files, with_inserted
from benchmarks.works import ALL

QUICK = [ALL[name] for name in ("many", "rename", "delete")]


def measured(tmp_path: Path, kind: type[Ours | Copy]) -> dict[str, str]:
    """The works that were done, and what went wrong with them."""
    runner = Runner(tmp_path, Templates(tmp_path / "templates", files=20, large=300_000))
    return {entry.work: entry.failure for entry in runner.measure(kind, QUICK) if entry.runs or entry.failure}


@pytest.mark.e2e
def test_we_can_be_measured(tmp_path: Path) -> None:
    assert measured(tmp_path, Ours) == dict.fromkeys(("many", "rename", "delete"), "")


@pytest.mark.e2e
def test_a_command_is_asked_only_for_what_it_can_do(tmp_path: Path) -> None:
    assert measured(tmp_path, Copy) == {"many": ""}


def test_what_has_not_arrived_is_seen(tmp_path: Path) -> None:
    tree = make_small_files(tmp_path / "many", 150)
    assert Arrival(tmp_path, tree.under("many"), gone=["other"])()
    (tmp_path / "other").mkdir()
    assert not Arrival(tmp_path, tree.under("many"), gone=["other"])()
    last = tmp_path / "many" / tree.files[-1][0]
    last.write_bytes(b"")
    assert not Arrival(tmp_path, tree.under("many"))()


def test_every_difference_is_seen_but_for_what_the_peer_keeps_for_itself(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    for side in (a, b):
        make_small_files(side, 3)
        (side / ".own").mkdir()
        (side / ".own" / side.name).touch()
    assert list(differences(a, b, {".own"})) == []
    (a / "0" / "1").write_bytes(bytes((b / "0" / "1").stat().st_size))
    (a / "empty").mkdir()
    (b / "0" / "2").unlink()
    (b / "0" / "2").mkdir()
    assert list(differences(a, b, {".own"})) == [
        "empty is only on one side", "0/1 has other bytes", "0/2 is of two kinds"
    ]  # fmt: skip


def test_what_is_inserted_stands_where_it_should(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(bytes(3 << 20))
    with_inserted(tmp_path / "old", tmp_path / "new", (1 << 20) + 5, b"!")
    assert (tmp_path / "new").read_bytes() == bytes((1 << 20) + 5) + b"!" + bytes((2 << 20) - 5)


def test_the_proxy_passes_all_on_and_counts_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        proxy = Proxy(server.getsockname()[1])
        with socket.create_connection(("127.0.0.1", proxy.port)) as caller:
            called, _ = server.accept()
            with called:
                caller.sendall(b"x" * 1000)
                assert called.recv(1000, socket.MSG_WAITALL) == b"x" * 1000
                called.sendall(b"y" * 10)
                called.shutdown(socket.SHUT_WR)
                assert caller.recv(100, socket.MSG_WAITALL) == b"y" * 10
                caller.shutdown(socket.SHUT_WR)
                assert called.recv(1) == b""
        assert (proxy.up, proxy.down, proxy.total) == (1000, 10, 1010)
        proxy.close()
