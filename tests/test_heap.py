"""What was let go of is kept, and given back later."""

from __future__ import annotations

import ctypes
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from syncagent import heap
from syncagent.content.digest import digest_of

on_glibc = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="this system's allocator is another")


@on_glibc
def test_glibc_takes_both_bounds() -> None:
    assert heap.keep_freed()


@on_glibc
def test_what_was_kept_is_given_back() -> None:
    heap.keep_freed()
    rows = [bytes(100_000) for _ in range(300)]
    del rows
    assert heap.give_back()


def test_where_the_allocator_is_another_nothing_is_done() -> None:
    other = object()
    assert not heap.keep_freed(other)
    assert not heap.give_back(other)
    assert not heap.let_go_of_code(other)


MAPS = """\
55e0a0000000-55e0a0002000 r--p 00000000 fd:00 12    /usr/bin/python3.11
Size:                  8 kB
Rss:                   8 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
55e0a0002000-55e0a0006000 r-xp 00002000 fd:00 12    /usr/bin/python3.11
Rss:                  12 kB
Anonymous:             0 kB
55e0a0006000-55e0a0008000 r--p 00006000 fd:00 12    /usr/lib/with a blank/filled in when loaded.so
Rss:                   8 kB
Anonymous:             4 kB
55e0a0008000-55e0a000a000 rw-p 00008000 fd:00 12    /usr/bin/python3.11
Rss:                   8 kB
Anonymous:             0 kB
7f0000000000-7f0000001000 r--s 00000000 fd:00 13    /home/ann/shared
Rss:                   4 kB
Anonymous:             0 kB
7f0000001000-7f0000002000 r-xp 00000000 fd:00 14    /usr/lib/not there now.so
Rss:                   0 kB
Anonymous:             0 kB
7f0000002000-7f0000004000 r-xp 00000000 00:00 0     [vdso]
Rss:                   4 kB
Anonymous:             0 kB
7f0000004000-7f0000006000 r--p 00000000 00:00 0
Rss:                   8 kB
Anonymous:             0 kB
"""


def test_only_what_is_as_the_file_has_it_may_be_unmapped() -> None:
    assert list(heap.unchanged(MAPS.splitlines())) == [
        (0x55E0A0000000, 0x2000, 8192),
        (0x55E0A0002000, 0x4000, 12288),
    ]


def test_what_the_file_does_not_have_stays_mapped(tmp_path: Path) -> None:
    told: list[tuple[int, int, int]] = []

    def madvise(start: int, length: int, advice: int) -> int:
        told.append((start, length, advice))
        return 0 if len(told) == 1 else -1

    maps = tmp_path / "smaps"
    maps.write_text(MAPS)
    assert heap.let_go_of_code(SimpleNamespace(madvise=madvise), maps) == 8192
    assert told == [(0x55E0A0000000, 0x2000, 4), (0x55E0A0002000, 0x4000, 4)]
    assert heap.let_go_of_code(SimpleNamespace(madvise=madvise), tmp_path / "no such file") == 0


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="this system does not tell what is mapped")
def test_code_that_was_let_go_of_comes_back_when_it_is_wanted() -> None:
    assert heap.let_go_of_code() > 0
    assert json.loads(json.dumps({"a": [1, 2.5, "ä"]})) == {"a": [1, 2.5, "ä"]}
    assert digest_of(b"x") == digest_of(bytes([120]))
