"""The agent's database: damage is found and put aside, small and quick enough, nothing else is touched."""

from __future__ import annotations

import gc
import os
import time
from importlib import resources
from pathlib import Path
from random import Random

import pytest

from syncagent.errors import AskPerson
from syncagent.model.facts import Stamp
from syncagent.model.ids import ROOT, Digest, NodeId, Rev
from syncagent.model.names import Name
from syncagent.model.nodes import Block, Content, Dir, File, Node, Placement
from syncagent.sqlite import open_database
from syncagent.store import agent_db
from syncagent.store.agent_db import APPLICATION, FEW, KEPT_DAMAGED, AgentDb, open_agent_db
from syncagent.store.ports import INCARNATION, Loaded
from syncagent.store.rows import pack_row
from syncagent.trees.canopy import Canopy
from syncagent.trees.delta import Delta, Row
from syncagent.trees.kept import KeptRows
from tests.conformance.test_agent_store import RECIPE, a_file, at_rest


def many(count: int, seed: int = 0) -> tuple[Row, ...]:
    """Rows of a replica at rest: ids and names as long as real ones, 20 files a folder."""
    random = Random(seed)
    found: list[Node] = []
    folder = ROOT
    for number in range(count):
        node_id = NodeId(f"{random.getrandbits(100):025x}")
        if number % 20 == 0:
            found.append(Dir(node_id, Placement(ROOT, Name(f"folder {number}"))))
            folder = node_id
        else:
            content = Content(Digest(random.randbytes(32)), random.randrange(200_000))
            at = Placement(folder, Name(f"a picture {number}.jpeg"))
            found.append(File(node_id, at, content, False, 1_763_000_000_000_000_000 + number))
    return tuple(Row(node.id, node, node, node, Rev(1), Stamp(random.randbytes(44)), None) for node in found)


FORMAT = 2
"""The number of scripts in ``store/schema``."""


def filled(path: Path, rows: tuple[Row, ...]) -> str:
    """A database with these rows; its incarnation."""
    store = open_agent_db(str(path))
    incarnation = store.load().facts[INCARNATION]
    store.commit(Delta(rows, facts={"cursor": "7"}))
    store.close()
    return incarnation


def loaded(path: Path) -> Loaded:
    store = open_agent_db(str(path))
    try:
        return store.load()
    finally:
        store.close()


def test_e3_any_flipped_bit_behind_the_header_is_found_or_does_no_harm(tmp_path: Path) -> None:
    random = Random(3)
    rows = many(400)
    whole = tmp_path / "whole.db"
    filled(whole, rows)
    raw = whole.read_bytes()
    rebuilt = 0
    for number in range(120):
        path = tmp_path / f"{number}.db"
        damaged = bytearray(raw)
        damaged[random.randrange(100, len(raw))] ^= 1 << random.randrange(8)
        path.write_bytes(damaged)
        found = loaded(path)
        if found.rebuilt:
            rebuilt += 1
            assert found.rows == ()
            assert (tmp_path / f"{number}.db.damaged-1").read_bytes()[:16] == raw[:16]
            assert loaded(path).rebuilt == ""
        else:
            assert found.rows == rows  # the byte was one that means nothing
            assert found.facts["cursor"] == "7"
    assert rebuilt > 60


def test_many_rows_are_pressed_as_they_are_read_and_are_the_same_rows(tmp_path: Path) -> None:
    rows = many(FEW + 1_500)
    filled(tmp_path / "many.db", rows)
    found = loaded(tmp_path / "many.db").rows
    assert isinstance(found, KeptRows)
    assert len(found.loose) < len(found) == len(rows)
    assert sorted(found, key=lambda row: row.id) == sorted(rows, key=lambda row: row.id)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("no database", lambda raw: b"this is no database at all" * 400),
        ("the first page is zeros", lambda raw: bytes(4096) + raw[4096:]),
        ("a page in the middle is zeros", lambda raw: raw[:8192] + bytes(4096) + raw[12288:]),
        ("cut off", lambda raw: raw[: len(raw) // 2]),
        ("cut off within a page", lambda raw: raw[: len(raw) // 2 + 100]),
        ("emptied", lambda raw: b""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_e3_a_damaged_file_is_put_aside_and_begun_anew(tmp_path: Path, name: str, damage: object) -> None:
    path = tmp_path / "state.db"
    incarnation = filled(path, many(300))
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    found = loaded(path)
    assert found.rows == ()
    assert found.rebuilt
    assert found.facts.keys() == {INCARNATION}
    assert found.facts[INCARNATION] != incarnation
    assert (tmp_path / "state.db.damaged-1").exists() or name == "emptied"
    assert loaded(path).facts == found.facts
    assert loaded(path).rebuilt == ""


def test_e3_a_fact_that_was_changed_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    filled(path, many(3))
    database = open_database(str(path), schema=("",) * FORMAT, application=APPLICATION)
    database.execute("UPDATE fact SET value = '9' WHERE key = 'cursor'")
    database.close()
    assert "cursor" in loaded(path).rebuilt


def test_e3_no_log_of_the_damaged_file_is_left_for_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    filled(path, many(3))
    path.write_bytes(b"x" * 8192)
    for suffix in ("-wal", "-journal"):
        (tmp_path / f"state.db{suffix}").write_bytes(b"a log of old")
    assert loaded(path).rebuilt
    left = [one for one in tmp_path.iterdir() if not one.name.startswith("state.db.damaged-1")]
    assert left == [path]


def test_only_the_last_damaged_files_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    for number in range(KEPT_DAMAGED + 2):
        path.write_bytes(b"%d" % number * 8192)
        assert loaded(path).rebuilt
    kept = sorted(one.name for one in tmp_path.glob("*.damaged-*"))
    assert kept == [f"state.db.damaged-{number}" for number in range(3, 3 + KEPT_DAMAGED)]
    assert (tmp_path / kept[-1]).read_bytes() == b"4" * 8192


def test_e11_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    filled(path, many(3))
    database = open_database(str(path), schema=("",) * (FORMAT + 1), application=APPLICATION)
    database.close()
    before = path.read_bytes()
    with pytest.raises(AskPerson, match="newer"):
        open_agent_db(str(path))
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    open_database(str(path), schema=("CREATE TABLE mine (x);",), application=7).close()
    before = path.read_bytes()
    with pytest.raises(AskPerson):
        open_agent_db(str(path))
    assert path.read_bytes() == before


def test_e13_a_commit_that_was_cut_off_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    store = open_agent_db(str(path))
    store.load()
    store.commit(Delta((at_rest(a_file("a")),), facts={"cursor": "1"}))
    bad = Row(NodeId("c"), a_file("c"), a_file("c"), a_file("c"), Rev(1), Stamp(3), None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        store.commit(Delta((at_rest(a_file("b")), bad), facts={"cursor": "2"}))
    store.close()
    found = loaded(path)
    assert [row.id for row in found.rows] == ["a"]
    assert found.facts["cursor"] == "1"


def test_e13_what_the_log_holds_when_the_process_dies_is_loaded(tmp_path: Path) -> None:
    store = open_agent_db(str(tmp_path / "state.db"))
    store.load()
    store.commit(Delta(many(50)))
    copy = tmp_path / "copy"
    copy.mkdir()
    for suffix in ("", "-wal"):
        (copy / f"state.db{suffix}").write_bytes((tmp_path / f"state.db{suffix}").read_bytes())
    store.close()
    assert loaded(copy / "state.db").rows == many(50)


def test_e13_of_a_torn_log_the_first_commits_stand(tmp_path: Path) -> None:
    store = open_agent_db(str(tmp_path / "state.db"))
    store.load()
    for number in range(20):
        store.commit(Delta((at_rest(a_file(f"n{number:02}")),), facts={"cursor": str(number)}))
    whole, log = ((tmp_path / f"state.db{suffix}").read_bytes() for suffix in ("", "-wal"))
    store.close()
    counts = set()
    for number, length in enumerate(range(0, len(log), 1500)):
        path = tmp_path / f"torn-{number}.db"
        path.write_bytes(whole)
        (tmp_path / f"torn-{number}.db-wal").write_bytes(log[:length])
        found = loaded(path)
        assert [row.id for row in found.rows] == [f"n{one:02}" for one in range(len(found.rows))]
        assert found.facts.get("cursor", "-1") == str(len(found.rows) - 1)
        counts.add(len(found.rows))
    assert len(counts) > 10


def test_recipes_that_no_row_names_are_forgotten_as_they_pile_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_db, "SWEEP_AT_LEAST", 100_000)
    store = open_agent_db(str(tmp_path / "state.db"))
    store.load()
    long = tuple(Block(Digest(bytes(32)), 65_536) for _ in range(300))
    digests = []
    for number in range(40):
        edited = a_file("a", bytes([number]))
        digests.append(edited.content.digest)
        agreed = a_file("a", b"\xff")
        store.commit(Delta((Row(edited.id, agreed, edited, agreed, Rev(1), None, None),), recipes={digests[-1]: long}))
    kept = [digest for digest in digests if store.recipe(digest)]
    assert len(kept) <= 10
    assert kept[-1] == digests[-1]
    store.close()


def test_a_recipe_that_was_damaged_is_not_given(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    file = a_file("a", b"1")
    store = open_agent_db(str(path))
    store.load()
    store.commit(Delta((at_rest(file),), recipes={file.content.digest: RECIPE}))
    store.close()
    database = open_database(str(path), schema=("",) * FORMAT, application=APPLICATION)
    database.execute("UPDATE recipe SET blocks = zeroblob(36)")
    database.close()
    store = open_agent_db(str(path))
    assert store.load().rebuilt == ""
    assert store.recipe(file.content.digest) is None
    store.close()


def test_a_file_that_cannot_be_opened_is_not_taken_for_damaged(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()
    with pytest.raises(Exception, match="disk"):
        open_agent_db(str(tmp_path / "state.db"))
    assert not list(tmp_path.glob("*.damaged-*"))


def test_loading_leaves_the_collector_as_it_was(tmp_path: Path) -> None:
    assert gc.isenabled()
    filled(tmp_path / "state.db", many(10))
    loaded(tmp_path / "state.db")
    assert gc.isenabled()


def timed(store: AgentDb, rows: tuple[Row, ...]) -> float:
    start = time.process_time()
    store.commit(Delta(rows))
    return time.process_time() - start


@pytest.mark.slow
def test_a_hundred_thousand_nodes_are_small_and_quick(tmp_path: Path) -> None:
    """Bounds with room for a slow machine; the targets are 250 bytes a node, 0.1 s for 10,000 rows, 1 s to load."""
    path = tmp_path / "state.db"
    store = open_agent_db(str(path))
    store.load()
    rows = many(100_000)
    spent = [timed(store, rows[start : start + 10_000]) for start in range(0, len(rows), 10_000)]
    store.close()
    assert os.path.getsize(path) <= 250 * len(rows)
    assert sorted(spent)[len(spent) // 2] < 0.4
    store = open_agent_db(str(path))
    start = time.process_time()
    canopy = Canopy.load(store.load().rows)
    assert time.process_time() - start < 4
    assert len(canopy.synced) == len(rows)
    store.close()


@pytest.mark.hazard("E11")
def test_a_database_of_the_first_format_is_brought_up_and_a_copy_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    scripts = sorted((resources.files("syncagent.store") / "schema").iterdir(), key=lambda entry: entry.name)
    first = scripts[0].read_text(encoding="utf-8")
    database = open_database(str(path), schema=(first,), application=APPLICATION)
    database.many(agent_db._PUT_ROW, [pack_row(at_rest(a_file("a", b"1")))])
    database.close()
    store = open_agent_db(str(path))
    loaded = store.load()
    store.close()
    assert [row.id for row in loaded.rows] == ["a"]
    assert (loaded.acts, loaded.parts, loaded.rebuilt) == ((), (), "")
    assert (tmp_path / "state.db.v1").exists()
