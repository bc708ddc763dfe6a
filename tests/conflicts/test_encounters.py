"""D1 to D18: what becomes of each conflict, however the machines meet.

Each row is met in four ways (``Way``), with either person in either part: 18 hazards, 4 ways.  Each states the
tree that all machines and the hub have in the end, to the last name and content; and all must then be quiet.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.conflicts.encounters import MOST_CRASHES, Encounter, Meeting, Way

hazard = pytest.mark.hazard

ROWS = [
    pytest.param(
        Encounter("a.txt=1", "write a.txt 2", "write a.txt 3", "a.txt=3 a~anna.txt=2", "a.txt=2 a~bert.txt=3"),
        id="D1 edit and edit", marks=hazard("D1", "N6"),
    ),
    pytest.param(
        Encounter("l->x", "delete l; link y l", "delete l; link z l", "l->z l~anna->y", "l->y l~bert->z"),
        id="D1 two texts of a link", marks=hazard("D1"),
    ),
    pytest.param(Encounter("a=1", "write a 2", "write a 2", "a=2"), id="D2 the same edit", marks=hazard("D2", "N6")),
    pytest.param(
        Encounter("d/", "write d/a 2", "write d/a 3", "d/ d/a=3 d/a~anna=2", "d/ d/a=2 d/a~bert=3"),
        id="D3 create and create", marks=hazard("D3"),
    ),
    pytest.param(
        Encounter("", "mkdir d; write d/a 2", "mkdir d; write d/b 3", "d/ d/a=2 d/b=3"),
        id="D3 two folders of one name become one", marks=hazard("D3"),
    ),
    pytest.param(
        Encounter("", "write d 2", "mkdir d; write d/b 3", "d/ d/b=3 d~anna=2", "d=2 d~bert/ d~bert/b=3"),
        id="D3 a file and a folder", marks=hazard("D3", "B12"),
    ),
    pytest.param(Encounter("a=1", "write a 2", "delete a", "a=2"), id="D4 edit and delete", marks=hazard("D4", "B2")),
    pytest.param(
        Encounter("d/ d/a=1 d/b=2", "write d/a 3", "delete d", "d/ d/a=3", extra=1),
        id="D4 edit, and delete of the folder", marks=hazard("D4", "B2", "B3"),
    ),
    pytest.param(Encounter("a=1 b=2", "delete a", "delete a", "b=2"), id="D5 delete and delete", marks=hazard("D5")),
    pytest.param(
        Encounter("d/ d/a=1 d/b=2", "delete d", "delete d/a", ""),
        id="D5 delete of a folder, and of what is in it", marks=hazard("D5"),
    ),
    pytest.param(
        # Where the edit is being written just as the move is seen, the file at the new name is another one: both stay.
        Encounter("d/ a=1", "move a d/b", "write a 2", "d/ d/b=2", raced="a=2 d/ d/b=1"),
        id="D6 move and edit", marks=hazard("D6"),
    ),
    pytest.param(
        Encounter("x/ y/ a=1", "move a x/a", "move a y/a", "x/ y/ y/a=1", "x/ x/a=1 y/",
                  raced="x/ x/a=1 y/ y/a=1"),
        id="D7 one file to two places", marks=hazard("D7"),
    ),
    pytest.param(
        Encounter("x/ y/", "move x y/x", "move y x/y", "x/ x/y/", "y/ y/x/"),
        id="D7 two folders into each other", marks=hazard("D7", "B14"),
    ),
    pytest.param(
        Encounter("a=1 b=2", "move a c", "move b c", "c=2 c~anna=1", "c=1 c~bert=2"),
        id="D8 two files to one place", marks=hazard("D8", "N6"),
    ),
    pytest.param(
        Encounter("a=1", "move a c", "write c 2", "c=2 c~anna=1", "c=1 c~bert=2"),
        id="D9 moved to where one is created", marks=hazard("D9"),
    ),
    pytest.param(
        Encounter("d/ a=1", "move a d/a", "delete a", "d/ d/a=1"), id="D10 move and delete", marks=hazard("D10"),
    ),
    pytest.param(
        Encounter("p/ p/x/ p/x/a=1 p/x/y/ p/x/y/b=2 p/c=3", "move p/x x", "delete p", "x/ x/a=1 x/y/ x/y/b=2", extra=6),
        id="D10 a folder moved out of one that is deleted", marks=hazard("D10", "B3"),
    ),
    pytest.param(
        Encounter("d/ d/a=1 d/e/ d/e/b=2", "move d f", "delete d", "f/ f/a=1 f/e/ f/e/b=2", extra=6),
        id="D10 a folder renamed and deleted", marks=hazard("D10"),
    ),
    pytest.param(
        Encounter("d/ d/a=1", "write d/n 2", "delete d", "d/ d/n=2", extra=1),
        id="D11 create in a deleted folder", marks=hazard("D11", "B3"),
    ),
    pytest.param(
        Encounter("d/ d/x=9 a=1", "move a d/a", "delete d", "d/ d/a=1"),
        id="D12 move into a deleted folder", marks=hazard("D12"),
    ),
    pytest.param(
        Encounter("d/ d/a=1", "move d e", "write d/a 2", "e/ e/a=2"),
        id="D13 rename of a folder, edit of a child", marks=hazard("D13"),
    ),
    pytest.param(
        Encounter("d/ d/a=1", "move d e", "move d/a d/b", "e/ e/b=1"),
        id="D14 rename of a folder and of a child", marks=hazard("D14"),
    ),
    pytest.param(
        Encounter("d/ d/a=1", "move d e", "mkdir e; write e/b 2", "e/ e/a=1 e/b=2",
                  "e/ e/a=1 e~bert/ e~bert/b=2"),
        id="D14 rename of a folder to where one is made", marks=hazard("D14"),
    ),
    # In the same moment a swap may be met half way, and undone: nothing is lost, and both have the same.
    pytest.param(Encounter("a=1 b=2", "swap a b", "swap a b", "a=2 b=1", raced="a=1 b=2", extra=2),
                 id="D15 swapped on both", marks=hazard("D15")),
    pytest.param(
        Encounter("a=1 b=2", "swap a b", "write a 3", "a=2 b=3", extra=1, raced="a=3 a~anna=2 b=1"),
        id="D15 swap and edit", marks=hazard("D15"),
    ),
]  # fmt: skip


@pytest.mark.sim
@pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
@pytest.mark.parametrize("row", ROWS)
def test_each_conflict_ends_as_its_row_says(row: Encounter, way: Way) -> None:
    for each in (row, row.exchanged()):
        met(each, way)


def met(row: Encounter, way: Way) -> None:
    match way:
        case Way.BOTH_ONLINE:
            for seed in range(6):
                meeting = Meeting(seed, row.before)
                meeting.act(seed % 2, (row.one, row.other)[seed % 2])
                meeting.act(1 - seed % 2, (row.one, row.other)[1 - seed % 2])
                _ends(meeting, row, {row.after, row.turned or row.after, row.raced or row.after})
        case Way.ONE_OFFLINE:
            _ends(_anna_offline(Meeting(1, row.before), (row.one, row.other)), row, {row.after})
        case Way.BOTH_OFFLINE:
            _ends(_return(Meeting(2, row.before), (row.one, row.other)), row, {row.after})
        case Way.ONE_CRASHES:
            for call in range(1, MOST_CRASHES):
                meeting = _return(Meeting(3, row.before), (row.one, row.other), call)
                _ends(meeting, row, {row.after})
                if not meeting.crashed:
                    return
            raise AssertionError("it never came to its end")


def _return(meeting: Meeting, acts: Sequence[str], crash_at: int = 0) -> Meeting:
    """Each acts alone; they come back one after the other, anna last."""
    for machine, what in enumerate(acts):
        meeting.leave(machine)
        meeting.act(machine, what)
    meeting.wait(3)
    for machine in range(1, len(acts)):
        meeting.come_back(machine)
        meeting.wait(3)
    if crash_at:
        meeting.kill_at(0, crash_at)
    meeting.come_back(0)
    return meeting


def _ends(meeting: Meeting, row: Encounter, allowed: set[str]) -> None:
    meeting.rest()
    shown = meeting.shown()
    if shown not in allowed:
        # A copy that was named, and then forgotten in a crash, is named again; and the name of an older copy may be
        # taken still that is about to go.
        shown = shown.replace("~2", "")
    assert shown in allowed
    assert meeting.revisions() <= meeting.touched + shown.count("~") + row.extra
    assert meeting.is_quiet()


# --- three machines, many changes, a conflict resolved twice --------------------------------------------------------


def _all_online(meeting: Meeting, acts: Sequence[str]) -> Meeting:
    for machine, what in enumerate(acts):
        meeting.act(machine, what)
    return meeting


def _anna_offline(meeting: Meeting, acts: Sequence[str]) -> Meeting:
    meeting.leave(0)
    for machine, what in enumerate(acts[1:], 1):
        meeting.act(machine, what)
    meeting.wait(3)
    meeting.act(0, acts[0])
    meeting.wait(3)
    meeting.come_back(0)
    return meeting


@pytest.mark.sim
@pytest.mark.hazard("D16", "N5", "N6")
@pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
def test_d16_of_three_edits_two_become_copies(way: Way) -> None:
    acts = ["write a 2", "write a 3", "write a 4"]
    row = Encounter("a=1", *acts[:2], "a=3 a~anna=2 a~carl=4")
    for call in range(1, MOST_CRASHES):
        meeting = Meeting(call, row.before, machines=3)
        match way:
            case Way.BOTH_ONLINE:
                _all_online(meeting, acts)
                held = {"anna": 2, "bert": 3, "carl": 4}
                copies = {name: [f"a~{one}={text}" for one, text in held.items() if one != name] for name in held}
                _ends(meeting, row, {" ".join([f"a={held[name]}", *copies[name]]) for name in held})
            case Way.ONE_OFFLINE:
                _ends(_anna_offline(meeting, acts), row, {row.after, "a=4 a~anna=2 a~bert=3"})
            case Way.BOTH_OFFLINE:
                _ends(_return(meeting, acts), row, {row.after})
            case Way.ONE_CRASHES:
                _ends(_return(meeting, acts, call), row, {row.after})
        if not meeting.crashed and (way is not Way.BOTH_ONLINE or call == 6):
            return
    raise AssertionError("it never came to its end")


@pytest.mark.sim
@pytest.mark.hazard("D17", "N5", "N6")
@pytest.mark.parametrize("many", [210, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(0)])])
@pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
def test_d17_of_many_changes_on_both_sides_only_what_clashes_becomes_a_copy(way: Way, many: int) -> None:
    """Anna edits a third, deletes a third and renames a third; bert edits each tenth and makes as many new ones."""
    folders = [f"d{number}" for number in range(7)]
    names = [f"d{number % 7}/f{number}" for number in range(many)]
    before = " ".join([*(f"{folder}/" for folder in folders), *(f"{name}=0" for name in names)])
    one, other, after = [], [], [f"{folder}/" for folder in folders]
    turned = list(after)
    for number, name in enumerate(names):
        edited = number % 10 == 0
        if edited:
            other.append(f"write {name} b{number}")
        other.append(f"write {name}new n{number}")
        mine, his = f"a{number}", f"b{number}"
        match number % 3:
            case 0:
                one.append(f"write {name} {mine}")
                both = [f"{name}={his}", f"{name}~anna={mine}"], [f"{name}={mine}", f"{name}~bert={his}"]
            case 1:
                one.append(f"delete {name}")
                both = [f"{name}={his}"], [f"{name}={his}"]
            case _:
                one.append(f"move {name} {name}moved")
                both = [f"{name}moved={his}"], [f"{name}moved={his}"]
        if not edited:
            both = ([f"{name}={mine}"], [], [f"{name}moved=0"])[number % 3], []
            both = both[0], both[0]
        after += [*both[0], f"{name}new=n{number}"]
        turned += [*both[1], f"{name}new=n{number}"]
    row = Encounter(before, ";".join(one), ";".join(other), " ".join(sorted(after)), " ".join(sorted(turned)))
    if way is Way.BOTH_ONLINE:
        meeting = _all_online(Meeting(1, before), (row.one, row.other))
        meeting.rest()
        # Who was first is another one for each file.
        allowed = {*row.after.split(), *row.turned.split()}
        assert set(meeting.shown().split()) <= allowed
        assert len(meeting.shown().split()) == len(after)
        assert meeting.is_quiet()
    elif way is Way.ONE_CRASHES:
        for call in (7, 40):
            _ends(_return(Meeting(1, before), (row.one, row.other), call), row, {row.after})
    else:
        met(row, way)


RESOLVED = [
    pytest.param(
        "write a 4; delete a~anna", "write a 5; delete a~anna", "a=5 a~anna=4", "a=4 a~bert=5", id="otherwise"
    ),
    pytest.param("write a 4; delete a~anna", "write a 4; delete a~anna", "a=4", "a=4", id="the same way"),
    pytest.param("delete a; move a~anna a", "delete a; move a~anna a", "a=2", "a=2", id="by taking the copy"),
    pytest.param("delete a~anna", "delete a; move a~anna a", "a=2", "a=2", id="by taking one and the other"),
]


@pytest.mark.sim
@pytest.mark.hazard("D18", "N5", "N6")
@pytest.mark.parametrize(("one", "other", "after", "turned"), RESOLVED)
@pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
def test_d18_a_conflict_that_is_resolved_on_both(way: Way, one: str, other: str, after: str, turned: str) -> None:
    for each in (row := Encounter("a=1", one, other, after, turned), row.exchanged()):
        for call in range(1, MOST_CRASHES):
            meeting = _return(Meeting(call, each.before), ("write a 2", "write a 3"))
            meeting.rest()
            assert meeting.shown() == "a=3 a~anna=2"
            meeting.begin()
            acts = (one, other) if each is row else (other, one)
            allowed = {each.after}
            match way:
                case Way.BOTH_ONLINE:
                    _all_online(meeting, acts)
                    allowed |= {each.turned or each.after}
                case Way.ONE_OFFLINE:
                    _anna_offline(meeting, acts)
                case Way.BOTH_OFFLINE:
                    _return(meeting, acts)
                case Way.ONE_CRASHES:
                    _return(meeting, acts, call)
            _ends(meeting, each, allowed)
            if not meeting.crashed and (way is not Way.BOTH_ONLINE or call == 4):
                break
        else:
            raise AssertionError("it never came to its end")
