"""Whose program is at the other end."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from syncagent.agent.page.peers import owner

LINE = "   7: {} {} 01 00000000:00000000 00:00000000 00000000  {}        0 12345 1 0000000000000000 20 4 30 10 -1\n"
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="the lines are as a machine of that order has them")


def table(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text(HEAD + "".join(lines))
    return path


@pytest.mark.hazard("G8")
def test_the_owner_is_read_from_the_line_of_the_other_end(tmp_path: Path) -> None:
    found = table(
        tmp_path, "tcp", LINE.format("0100007F:1F90", "0100007F:8001", 0),
        LINE.format("0100007F:8001", "0100007F:1F90", 1001),
    )  # fmt: skip
    assert owner(("127.0.0.1", 0x8001), ("127.0.0.1", 0x1F90), (found,)) == 1001


def test_a_socket_for_both_kinds_of_addresses_is_found_too(tmp_path: Path) -> None:
    wide = "0000000000000000FFFF00000100007F"
    four, six = table(tmp_path, "tcp"), table(tmp_path, "tcp6", LINE.format(f"{wide}:8001", f"{wide}:1F90", 1002))
    assert owner(("127.0.0.1", 0x8001), ("127.0.0.1", 0x1F90), (four, six)) == 1002


def test_where_nothing_is_listed_it_is_not_known(tmp_path: Path) -> None:
    found = table(tmp_path, "tcp", "garbage\n")
    assert owner(("127.0.0.1", 1), ("127.0.0.1", 2), (found, tmp_path / "missing")) is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists them")
def test_of_a_real_connection_it_is_ourselves() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as here:
        assert owner(here.getsockname(), server.getsockname()) == os.getuid()
