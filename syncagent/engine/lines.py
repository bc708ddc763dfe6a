"""What a person is told, line by line: each thing that keeps the folder from being in sync, with its reason, and what
is left out for good.

Pure: the facts go in, the lines come out; shown by `status`, by `wait`, and by the live line.  ``in_sync`` is what no
line hinders (HAZARDS N15): there is no other place that says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Final

from syncagent.engine.status import State, Status, ask_in_words
from syncagent.model.names import RelPath
from syncagent.model.values import fixed

GATHERING_SECONDS: Final = 0.3
"""What changed so long ago and has still not been looked at has a line of its own.  Less is how long seeing takes."""


@fixed
class Line:
    """``kind`` is for programs: it does not change.  ``path`` where it is about one.  What ``hinders`` keeps the folder
    from being called in sync."""

    kind: str
    text: str
    path: RelPath | None = None
    hinders: bool = True


@fixed
class Around:
    """What is known outside of the engine.  Times are in seconds, by the clock that the engine is given.

    ``watch`` is why changes are not seen as they happen; ``gathering_since`` since when something is known to have
    changed that the engine was not told of.  ``heard`` is when the hub was last heard, and after ``patience`` seconds
    its silence is worth a line.  ``hindrances`` are what keeps the agent itself from its work, by kind.
    """

    now: float = 0.0
    watch: str = ""
    gathering_since: float | None = None
    heard: float | None = None
    patience: float = 45.0
    hindrances: Mapping[str, str] = field(default_factory=dict)
    resumes: str = ""
    """When a pause is over by itself, in words; empty when it is not."""


def lines(status: Status, around: Around) -> tuple[Line, ...]:
    """All there is to say, what matters most first."""
    found = [*_of_the_agent(status, around), *_of_the_hub(status, around), *_of_the_folder(status, around)]
    found.extend(_of_changes(status, around))
    if not status.in_sync and not any(line.hinders for line in found):
        found.append(Line("busy", "changes are being carried over"))
    found.extend(Line("rules", why, path, hinders=False) for path, why in status.broken_rules)
    found.extend(Line("skipped", why, path, hinders=False) for path, why in _only_skipped(status))
    return tuple(found)


def in_sync(said: Sequence[Line]) -> bool:
    """Whether nothing of what is said hinders."""
    return not any(line.hinders for line in said)


def _of_the_agent(status: Status, around: Around) -> Iterator[Line]:
    for kind, reason in around.hindrances.items():
        yield Line({"memory": "database"}.get(kind, kind), reason)
    match status.state:
        case State.STARTING:
            yield Line("starting", "the agent has not looked at anything yet")
        case State.PAUSED:
            yield Line("paused", _paused(status, around))
        case State.HALTED if status.reason != status.link and status.reason not in around.hindrances.values():
            yield Line("halted", status.reason or "the agent does not work")
        case _:
            pass


def _paused(status: Status, around: Around) -> str:
    if status.restraint:
        return f"paused because {status.restraint}: nothing is sent and nothing received; `resume` goes on all the same"
    until = f"{around.resumes}, or `resume`" if around.resumes else "`resume`"
    return f"paused: nothing is sent and nothing received until {until}"


def _of_the_hub(status: Status, around: Around) -> Iterator[Line]:
    silence = None if around.heard is None else max(around.now - around.heard, 0.0)
    heard = "not heard since the agent started" if silence is None else f"last heard {ago(silence)}"
    if status.state is State.STARTING:
        return
    if status.link is not None:
        yield Line("hub", f"{status.link or 'no connection to the hub'}; {heard}")
        return
    if silence is not None and silence > around.patience:
        yield Line("hub", f"the hub is silent: {heard}")
    if status.behind:
        missed = status.hub_seq - status.applied_seq
        yield Line("behind", f"{counted(missed, 'change')} of the hub's still to hear" if missed > 0 else "catching up")


def _of_the_folder(status: Status, around: Around) -> Iterator[Line]:
    if around.watch and "folder" not in around.hindrances:  # without a folder there is nothing to be watched
        yield Line("watch", f"watching: degraded; not every change is seen as it happens: {around.watch}")
    if status.scan is not None:
        yield Line("scan", f"rescanning ({status.scan})" if status.scan else "rescanning")
    elif status.looking:
        yield Line("looking", "something has changed here, and is being looked at")
    gathering = 0.0 if around.gathering_since is None else around.now - around.gathering_since
    if gathering > GATHERING_SECONDS:
        yield Line("gathering", f"something has been changing here for {duration(gathering)}; it is looked at soon")
    for path, why in status.unreadable:
        yield Line("unreadable", why, path)


def _of_changes(status: Status, around: Around) -> Iterator[Line]:
    if status.asked:
        yield Line("asked", ask_in_words(status.asked))
    if status.unacknowledged:
        since = status.unacknowledged_since
        age = "" if since is None else f", the oldest for {duration(max(around.now - since, 0.0))}"
        yield Line("unacknowledged", f"{counted(status.unacknowledged, 'change')} not acknowledged by the hub{age}")
    if (incoming := status.pending - status.unacknowledged) > 0:
        yield Line("incoming", f"{counted(incoming, 'change')} of the hub's not carried out here yet")
    if status.cramped:
        waits = "what comes from the hub waits for it" if incoming > 0 else "nothing could be received"
        yield Line("room", f"{status.cramped}; {waits}", hinders=incoming > 0)
    if status.most and status.kept_back[0]:
        files, size = status.kept_back
        which = f"{counted(files, 'file')} of more than {bytes_in_words(status.most)}"
        verb = "waits" if files == 1 else "wait"
        yield Line(
            "large",
            f"{which} ({bytes_in_words(size)}) {verb} because {status.restraint}; `resume` goes on all the same",
        )
    for path, why in status.held:
        yield Line("held", why, path)


def _only_skipped(status: Status) -> Iterator[tuple[RelPath, str]]:
    unreadable = dict(status.unreadable)
    return ((path, why) for path, why in status.skipped if path not in unreadable)


def counted(number: int, noun: str, many: str = "") -> str:
    """``1 change``, ``2 changes``; ``many`` where that is no ``s`` more."""
    return f"{number} {noun if number == 1 else many or f'{noun}s'}"


def ago(seconds: float) -> str:
    return f"{duration(seconds)} ago"


def duration(seconds: float) -> str:
    """``3 s``, ``5 min``, ``2 h``, ``4 days``."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def bytes_in_words(size: float) -> str:
    """``999 B``, ``1.5 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
