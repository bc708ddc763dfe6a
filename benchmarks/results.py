"""What was measured: kept as JSON, so that a whole run can be made in pieces; medians and ratios of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

Figures = dict[str, float]
"""What one run of one work gave, each figure by its name."""

US: Final = "syncagent"


@dataclass(frozen=True, slots=True)
class Entry:
    """One work of one peer, run once or several times."""

    peer: str
    work: str
    version: str
    runs: tuple[Figures, ...]
    failure: str = ""
    """Why there is no figure, or fewer than wanted."""
    sizes: Figures = field(default_factory=dict)
    """How much there was to do: files, equal, large (bytes)."""
    when: str = ""


@dataclass
class Results:
    """The entries of all peers and works, one for each pair; and on what machine they came about."""

    machine: dict[str, str] = field(default_factory=dict)
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)

    def add(self, entries: Iterable[Entry]) -> None:
        """Later ones take the place of earlier ones."""
        for entry in entries:
            self.entries[entry.peer, entry.work] = entry

    def figure(self, peer: str, work: str, name: str) -> float | None:
        """The median over the runs; None where it was not measured."""
        entry = self.entries.get((peer, work))
        values = [run[name] for run in entry.runs if name in run] if entry is not None else []
        return median(values) if values else None

    def ratio(self, peer: str, work: str, name: str) -> float | None:
        """How many times as much the peer took as we did; None where one of both was not measured, or took nothing."""
        theirs, ours = self.figure(peer, work, name), self.figure(US, work, name)
        return theirs / ours if theirs is not None and ours else None

    def peers(self) -> list[str]:
        """Those of which there is anything, ours first."""
        found = dict.fromkeys(peer for peer, _ in self.entries)
        return sorted(found, key=lambda peer: peer != US)

    def version(self, peer: str) -> str:
        return next((entry.version for entry in reversed(self.entries.values()) if entry.peer == peer), "")

    def to_json(self) -> str:
        entries = [asdict(entry) for entry in self.entries.values()]
        return json.dumps({"machine": self.machine, "entries": entries}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Results:
        data = json.loads(text)
        results = cls(data["machine"])
        results.add(Entry(**{**entry, "runs": tuple(entry["runs"])}) for entry in data["entries"])
        return results

    @classmethod
    def read(cls, path: Path) -> Results:
        """Nothing yet where there is no such file."""
        return cls.from_json(path.read_text(encoding="utf-8")) if path.exists() else cls()

    def write(self, path: Path) -> None:
        path.write_text(self.to_json(), encoding="utf-8")
