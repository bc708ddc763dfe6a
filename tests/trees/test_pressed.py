"""Files in arrays: they are what they were, found as they were, whatever comes and goes."""

from __future__ import annotations

import random

import pytest

from syncagent.model.facts import Stamp
from syncagent.model.ids import ROOT, Digest, NodeId
from syncagent.model.names import Name, name_key
from syncagent.model.nodes import Content, File, Placement
from syncagent.trees.pressed import Pressed


def made(node_id: str, name: str = "", parent: str = ROOT, size: int = 5, mtime_ns: int = 7) -> File:
    content = Content(Digest(node_id.encode().ljust(32, b"\0")[:32]), size)
    return File(NodeId(node_id), Placement(NodeId(parent), Name(name or node_id)), content, size % 2 == 1, mtime_ns)


def test_a_file_comes_back_as_it_went_in() -> None:
    pressed = Pressed()
    unusual = [
        made("a"), made("b", "é\u202e \n", "folder"), made("c", "x" * 255), made("d", "lone\udcff"),
        made("e", mtime_ns=-(1 << 62), size=1 << 60), made("f", size=0), made("g" * 200, "g"),
    ]  # fmt: skip
    for file in unusual:
        assert pressed.add(file, Stamp(file.id.encode()[:40]))
    for file in unusual:
        assert pressed.get(file.id) == file
        assert pressed.stamp(file.id) == file.id.encode()[:40]
        assert pressed.all_at(file.at.parent, name_key(file.at.name)) == (file.id,)
    assert list(pressed.ids()) == [file.id for file in unusual]
    assert list(pressed.children(NodeId("folder"))) == ["b"]


def test_what_does_not_fit_is_left_as_it_is() -> None:
    pressed = Pressed()
    for file, stamp in (
        (made("a", mtime_ns=1 << 70), b""), (made("i" * 300), b""), (made("b"), b"s" * 300),
        (made("c", "n" * 70_000), b""),
    ):  # fmt: skip
        assert not pressed.add(file, Stamp(stamp))
        assert file.id not in pressed
        assert list(pressed.children(ROOT)) == []
    assert len(pressed) == 0


def test_whatever_comes_and_goes_it_is_what_a_dictionary_would_be() -> None:
    chance = random.Random(7)
    pressed, plain = Pressed(), dict[NodeId, tuple[File, Stamp]]()
    for step in range(6_000):
        node_id = f"n{chance.randrange(700)}"
        if chance.random() < 0.55 and node_id not in plain:
            file = made(node_id, f"name{chance.randrange(300)}", f"p{chance.randrange(5)}", chance.randrange(9))
            plain[file.id] = file, Stamp(b"%d" % step)
            assert pressed.add(*plain[file.id])
        else:
            assert pressed.take(NodeId(node_id)) == plain.pop(NodeId(node_id), None)
        if step % 500 == 0:
            _same(pressed, plain)
            _same(pressed.copy(), plain)
    _same(pressed, plain)
    for node_id in list(plain):
        assert pressed.take(node_id) == plain.pop(node_id)
    _same(pressed, plain)


def test_all_in_a_folder_are_taken_out_together() -> None:
    chance = random.Random(3)
    pressed, plain = Pressed(), dict[NodeId, tuple[File, Stamp]]()
    for step in range(2_000):
        node_id = NodeId(f"n{chance.randrange(700)}")
        if node_id not in plain:
            plain[node_id] = (
                made(node_id, f"name{chance.randrange(300)}", f"p{chance.randrange(5)}"),
                Stamp(b"%d" % step),
            )
            assert pressed.add(*plain[node_id])
        if step % 100 == 0:
            parent = NodeId(f"p{chance.randrange(6)}")
            gone = [(file, stamp) for file, stamp in plain.values() if file.at.parent == parent]
            assert pressed.take_in(parent) == gone
            for file, _ in gone:
                del plain[file.id]
            _same(pressed, plain)
            assert NodeId("") not in pressed
    _same(pressed.copy(), plain)


def _same(pressed: Pressed, plain: dict[NodeId, tuple[File, Stamp]]) -> None:
    assert len(pressed) == len(plain)
    assert list(pressed.ids()) == list(plain), "in the order of arrival"
    for number in range(700):
        node_id = NodeId(f"n{number}")
        file, stamp = plain.get(node_id, (None, None))
        assert (node_id in pressed, pressed.get(node_id), pressed.stamp(node_id)) == (file is not None, file, stamp)
    for parent in [NodeId(f"p{number}") for number in range(6)]:
        mine = [file for file, _ in plain.values() if file.at.parent == parent]
        assert list(pressed.children(parent)) == [file.id for file in mine]
        assert list(pressed.names(parent)) == [file.at.name for file in mine]
        for file in mine:
            if pressed.all_at(parent, name_key(file.at.name))[0] == file.id:
                assert pressed.has(parent, name_key(file.at.name), plain[file.id][1])
                assert not pressed.has(parent, name_key(file.at.name), Stamp(b"another"))
        assert not pressed.has(parent, name_key(Name("none")), Stamp(b""))
        for name in {file.at.name for file in mine} | {Name("none")}:
            assert sorted(pressed.all_at(parent, name_key(name))) == sorted(
                one.id for one in mine if one.at.name == name
            )


def test_a_copy_goes_its_own_way() -> None:
    pressed = Pressed()
    pressed.add(made("a"), Stamp(b"1"))
    other = pressed.copy()
    other.take(NodeId("a"))
    other.add(made("b"), Stamp(b"2"))
    assert list(pressed.ids()) == ["a"]
    assert list(other.ids()) == ["b"]


def test_room_for_many_is_made_once() -> None:
    pressed = Pressed(1_000)
    for number in range(1_000):
        pressed.add(made(f"n{number}"), Stamp(b""))
    assert [pressed.get(NodeId(f"n{number}")) for number in range(1_000)] == [
        made(f"n{number}") for number in range(1_000)
    ]


def test_room_for_those_that_are_about_to_come_is_made_once_and_what_was_here_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    anew: list[int] = []
    write_anew = Pressed._write_anew
    monkeypatch.setattr(Pressed, "_write_anew", lambda self, more=0: (anew.append(more), write_anew(self, more))[1])
    pressed = Pressed()
    for number in range(10):
        pressed.add(made(f"n{number}"), Stamp(b"s"))
    pressed.make_room(1_000)
    for number in range(10, 1_010):
        pressed.add(made(f"n{number}"), Stamp(b"s"))
    assert anew == [1_000]
    assert sorted(pressed.ids()) == sorted(made(f"n{number}").id for number in range(1_010))
    pressed.make_room(1)
    assert anew == [1_000], "there is room"
