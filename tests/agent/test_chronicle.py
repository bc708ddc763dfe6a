"""What the log says of what happens."""

from __future__ import annotations

from syncagent.agent.chronicle import MOST_LINES, Chronicle
from syncagent.engine.effects import Note, Run, Submit
from syncagent.engine.events import Event, Judged, LinkDown, RootFound, RootLost, TasksDone, Welcomed
from syncagent.model.changes import Change, Operation, Ruling, Verdict
from syncagent.model.facts import Kind, Stamp
from syncagent.model.ids import PARK, ROOT, ChangeId, NodeId, Rev, Seq
from syncagent.model.names import Name, RelPath
from syncagent.model.nodes import Dir, Placement
from syncagent.planner.ops import DeleteLocal, MakeLocalDir, MoveLocal, SetAside
from syncagent.planner.tasks import DeleteTask, Done, Failed, MakeDirTask, MoveTask, Task

STAMP = Stamp(b"stamp")
WELCOME = Welcomed("hub", "epoch", Seq(1))


def folder(name: str) -> Dir:
    return Dir(NodeId(f"n-{name}"), Placement(ROOT, Name(name)))


def making(name: str) -> Task:
    return MakeDirTask(MakeLocalDir(folder(name)), RelPath(name))


def told(chronicle: Chronicle, event: Event) -> list[str]:
    return [f"{note.path}: {note.text}" if note.path else note.text for note in chronicle.notes(event)]


def done(*tasks: Task) -> TasksDone:
    return TasksDone(tuple(Done(task.op, None) for task in tasks))


def test_what_came_went_and_was_moved_here() -> None:
    a, b = folder("a"), folder("b")
    tasks: list[Task] = [
        making("new"),
        DeleteTask(DeleteLocal(a), RelPath("a"), STAMP),
        MoveTask(MoveLocal(b, Placement(ROOT, Name("c"))), RelPath("b"), RelPath("c"), STAMP),
    ]
    chronicle = Chronicle()
    chronicle.begun(Run(tuple(tasks)))
    assert told(chronicle, done(*tasks)) == [
        "new: received", "a: deleted here, as it was elsewhere", "c: moved here, from b",
    ]  # fmt: skip
    assert told(chronicle, done(*tasks)) == [], "it is said once"


def test_a_conflict_copy_is_a_warning() -> None:
    copy = Placement(ROOT, Name("a (conflict)"))
    task = MoveTask(SetAside(folder("a"), copy, NodeId("x")), RelPath("a"), RelPath("a (conflict)"), STAMP)
    chronicle = Chronicle()
    chronicle.begun(Run((task,)))
    text = "changed on two machines at once; this machine's version is now a (conflict)"
    assert chronicle.notes(done(task)) == [Note("warning", text, "a")]


def test_what_failed_and_what_is_only_on_its_way_is_not_told() -> None:
    parked = MoveTask(MoveLocal(folder("a"), Placement(PARK, Name("n"))), RelPath("a"), RelPath("park"), STAMP)
    failed, lost = making("failed"), making("lost")
    chronicle = Chronicle()
    chronicle.begun(Run((parked, failed, lost)))
    assert told(chronicle, done(parked)) == []
    assert told(chronicle, TasksDone((Failed(failed.op, "no room"),))) == []
    assert told(chronicle, RootLost("gone")) == []
    assert told(chronicle, done(lost)) == []
    assert told(chronicle, RootFound()) == ["the folder is there again"]


def test_what_the_hub_has_taken() -> None:
    operations = [Operation.CREATE, Operation.MOVE, Operation.DELETE, Operation.UPDATE]
    changes = [
        Change(ChangeId(f"c{n}"), one, NodeId(f"n{n}"), Rev(0), Kind.DIR, path=RelPath(f"p{n}"))
        for n, one in enumerate(operations)
    ]
    rulings = [Ruling.COMMITTED, Ruling.DUPLICATE, Ruling.COMMITTED, Ruling.REJECTED]
    verdicts = tuple(Verdict(c.change_id, c.node_id, r) for c, r in zip(changes, rulings, strict=True))
    chronicle = Chronicle()
    chronicle.begun(Submit(tuple(changes)))
    assert told(chronicle, Judged(verdicts, Seq(3))) == [
        "p0: sent", "p1: sent: it was moved or renamed", "p2: deleted, and the hub knows",
    ]  # fmt: skip
    chronicle.begun(Submit(tuple(changes)))
    chronicle.notes(LinkDown("the connection broke"))
    assert told(chronicle, Judged(verdicts, Seq(3))) == []


def test_many_of_a_kind_are_one_line() -> None:
    tasks = [making(f"f{n}") for n in range(MOST_LINES + 1)]
    chronicle = Chronicle()
    chronicle.begun(Run(tuple(tasks)))
    assert told(chronicle, done(*tasks)) == [f"f0: received, and {MOST_LINES} more up to f{MOST_LINES}"]


def test_the_connection_is_told_when_it_changes() -> None:
    chronicle = Chronicle()
    assert chronicle.notes(LinkDown("no hub")) == [Note("warning", "no hub")]
    assert chronicle.notes(LinkDown("no hub")) == []
    assert told(chronicle, WELCOME) == ["connected to the hub"]
    assert told(chronicle, LinkDown("no hub")) == ["no hub"]
    assert chronicle.notes(LinkDown("the key is not valid", final=True)) == [
        Note("error", "stopped until someone mends it: the key is not valid")
    ]
