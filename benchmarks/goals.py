"""The goals, each against the figures of the peers in the same results.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from benchmarks.results import US, Results


@dataclass(frozen=True, slots=True)
class Under:
    """Our figure is to be under a limit."""

    title: str
    work: str
    figure: str
    limit: float
    unit: str = "s"


@dataclass(frozen=True, slots=True)
class Times:
    """A peer's figure is to be at least so many times ours."""

    title: str
    work: str
    figure: str
    peer: str
    times: float = 1.0


Goal = Under | Times

GOALS: Final[tuple[Goal, ...]] = (
    Times("small files appear: no slower than rsync", "many", "seconds", "rsync"),
    Times("small files appear: 4 times Syncthing", "many", "seconds", "syncthing", 4),
    Times("small files at the start: no slower than rsync", "start", "seconds", "rsync"),
    Times("small files at the start: 4 times Syncthing", "start", "seconds", "syncthing", 4),
    Under("rename of their folder", "rename", "seconds", 0.2),
    Under("delete of their folder", "delete", "seconds", 0.5),
    Times("the large file: no slower than rsync", "large", "seconds", "rsync"),
    Times("the large file: twice Unison", "large", "seconds", "unison", 2),
    Times("a byte inserted: no slower than rsync", "insert", "seconds", "rsync"),
    Under("a byte inserted: bytes of each connection", "wire", "insert_most", 400_000, "bytes"),
    Times("bytes appended: no slower than rsync", "append", "seconds", "rsync"),
    Under("bytes appended: bytes of each connection", "wire", "append_most", 400_000, "bytes"),
    Times("a small edit: median no more than Syncthing's", "edits", "p50", "syncthing"),
    Under("a small edit: 99th of a hundred", "edits", "p99", 20, "ms"),
    Times("a small edit: CPU no more than Syncthing's", "edits", "cpu_each", "syncthing"),
    Under("a small edit beside the large file: the slowest", "beside", "most", 100, "ms"),
    Under("first link: content sent more than once", "link", "twice", 1_000_000, "bytes"),
    Under("joining: content of equal files sent or fetched", "join", "content", 1_000_000, "bytes"),
    Times("first link: under Unison's", "link", "seconds", "unison"),
    Under("restart", "restart", "seconds", 2),
    Times("at rest: CPU no more than Syncthing's", "rest", "cpu_share", "syncthing"),
    Times("at rest: memory under Syncthing's", "rest", "rss", "syncthing"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``met`` is None where something was not measured."""

    goal: Goal
    met: bool | None
    reason: str


def judge(results: Results, goal: Goal) -> Verdict:
    ours = results.figure(US, goal.work, goal.figure)
    if ours is None:
        return Verdict(goal, None, "not measured")
    match goal:
        case Under(limit=limit, unit=unit):
            return Verdict(
                goal,
                ours < limit,
                f"{ours:,.3g} of {limit:,.3g} {unit}" if ours < 1000 else f"{ours:,.0f} of {limit:,.0f} {unit}",
            )
        case Times(peer=peer, times=times):
            theirs = results.figure(peer, goal.work, goal.figure)
            if theirs is None:
                return Verdict(goal, None, f"{peer} was not measured")
            return Verdict(
                goal,
                theirs >= times * ours,
                f"{ours:.3g} against {theirs:.3g}, that is {theirs / ours:.2f} times"
                if ours
                else f"0 against {theirs:.3g}",
            )


def verdicts(results: Results) -> list[Verdict]:
    return [judge(results, goal) for goal in GOALS]


def as_lines(results: Results) -> list[str]:
    words = {True: "met", False: "MISSED", None: "open"}
    found = [(words[verdict.met], verdict.goal.title, verdict.reason) for verdict in verdicts(results)]
    return [f"{word:<7}{title:<52}{reason}" for word, title, reason in found]
