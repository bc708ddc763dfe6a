"""Masses of deletes and overwrites, in both directions, on an engine alone."""

from __future__ import annotations

from syncagent.model.acts import Direction, Limits
from syncagent.model.changes import Operation
from syncagent.model.nodes import File
from tests.support.solo import Solo, content_of, file, large

FILES = {f"f{number:02}": f"content {number}".encode() for number in range(14)} | {
    f"large{number}": large(f"large {number}") for number in range(2)
}
"""Two of 16 are of several blocks."""


def full() -> Solo:
    return Solo(brake=Limits()).synced(**FILES)


def some(count: int) -> list[str]:
    """Some of them, the large ones first."""
    return sorted(FILES, reverse=True)[:count]


def delete_here(solo: Solo, names: list[str]) -> None:
    for name in names:
        solo.user.delete(name)
    solo.hinted(*names)
    solo.pass_time(0.2)


def overwrite_here(solo: Solo, names: list[str]) -> dict[str, bytes]:
    made = {name: b"ransom " + name.encode() for name in names}
    for name, data in made.items():
        solo.user.write(name, data)
    solo.hinted(*names)
    solo.pass_time(0.2)
    return made


def delete_there(solo: Solo, names: list[str]) -> None:
    solo.hear(*[solo.entry(solo.id_of(name), Operation.DELETE) for name in names])


def overwrite_there(solo: Solo, names: list[str]) -> dict[str, bytes]:
    made = {name: b"evil " + name.encode() for name in names}
    entries = []
    for name, data in made.items():
        node = solo.engine.canopy.remote.get(solo.id_of(name))
        assert isinstance(node, File)
        entries.append(solo.entry(file(node.id, name, data), Operation.UPDATE, recipe=content_of(data)[1]))
    solo.hear(*entries)
    solo.give(*made.values())
    return made


def asked(solo: Solo) -> list[tuple[Direction, int, int]]:
    return [(one.direction, one.deleted, one.overwritten) for one in solo.status.asked]


def settle(solo: Solo, *contents: bytes) -> None:
    """The hub takes all that is sent, and gives all that it has: until nothing more comes."""
    for _ in range(6):
        solo.accept_all().give(*FILES.values(), *contents)
        solo.pass_time(1.5)


def copies(solo: Solo) -> list[bytes]:
    return sorted(data for path, data in solo.tree().items() if "conflict" in path and isinstance(data, bytes))
