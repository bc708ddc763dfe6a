"""The tables: what is shown of the results, for a terminal and for a document.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.results import US, Results


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of one work, as it is called in a table."""

    work: str
    figure: str
    title: str
    places: int = 2


SECONDS: Final = (
    Row("many", "seconds", "{files} small files appear"),
    Row("start", "seconds", "… found at the start"),
    Row("rename", "seconds", "their folder is renamed"),
    Row("delete", "seconds", "… is deleted"),
    Row("large", "seconds", "a file of {large} appears"),
    Row("insert", "seconds", "a byte inserted in its middle"),
    Row("append", "seconds", "5 bytes appended"),
    Row("link", "seconds", "{equal} equal files, first link: until a probe crosses"),
    Row("link", "settled", "… until all are at rest"),
    Row("join", "seconds", "… one has linked, the other joins: until a probe crosses"),
    Row("restart", "seconds", "… restart: until a probe crosses"),
    Row("restart", "settled", "… until all are at rest"),
)
CPU: Final = tuple(Row(row.work, "cpu", row.title.split(":")[0]) for row in SECONDS if row.figure == "seconds")
LATENCY: Final = (
    Row("edits", "p50", "a small edit, median, ms", 1),
    Row("edits", "p99", "… 99th of a hundred, ms", 1),
    Row("edits", "cpu_each", "… CPU of all processes, ms", 1),
    Row("brisk", "p50", "… a tenth of a second after the one before, median, ms", 1),
    Row("brisk", "p99", "… 99th of a hundred, ms", 1),
    Row("beside", "p50", "… while {large} are on their way, median, ms", 1),
    Row("beside", "most", "… the slowest of them, ms", 1),
)
REST: Final = (
    Row("rest", "cpu_share", "CPU, % of a core"),
    Row("rest", "rss", "memory of all processes (RSS), MiB", 0),
    Row("rest", "pss", "… shared pages counted once (PSS), MiB", 0),
)
WIRE: Final = (
    Row("wire", "insert", "a byte inserted in {large}, all connections", 0),
    Row("wire", "insert_most", "… the connection with most of it", 0),
    Row("wire", "insert_told", "… as the peer counts it, all connections", 0),
    Row("wire", "append", "5 bytes appended, all connections", 0),
    Row("wire", "append_most", "… the connection with most of it", 0),
    Row("wire", "append_told", "… as the peer counts it, all connections", 0),
    Row("wire", "ten_edits", "ten small edits, all connections", 0),
    Row("wire", "ten_edits_told", "… as the peer counts them", 0),
    Row("link", "sent", "first link of {equal} equal files, sent in all", 0),
    Row("link", "content", "… of which content of files", 0),
    Row("link", "twice", "… of which more than once", 0),
    Row("join", "sent", "… one has linked, the other joins: sent by it", 0),
    Row("join", "received", "… received by it", 0),
    Row("join", "content", "… of both, content of files", 0),
    Row("restart", "sent", "… restart", 0),
)
TABLES: Final = {
    "Seconds": SECONDS,
    "CPU seconds of all processes": CPU,
    "A small edit": LATENCY,
    "At rest, {equal} files": REST,
    "Bytes on the wire": WIRE,
}


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text: the first row says the peers, the first column what was measured."""

    title: str
    rows: tuple[tuple[str, ...], ...]

    @property
    def empty(self) -> bool:
        return len(self.rows) < 2


def tables(results: Results) -> list[Table]:
    """All tables that have something in them."""
    made = [_table(results, title, rows) for title, rows in TABLES.items()]
    return [table for table in made if not table.empty]


def _table(results: Results, title: str, rows: Sequence[Row]) -> Table:
    peers = [peer for peer in results.peers() if any((peer, row.work) in results.entries for row in rows)]
    lines = []
    for row in rows:
        if any(results.figure(peer, row.work, row.figure) is not None for peer in peers):
            cells = [_cell(results, peer, row) for peer in peers]
            lines.append((sized(results, row.title, row.work), *cells))
    header = ("", *peers)
    return Table(sized(results, title), (header, *lines) if lines else (header,))


def _cell(results: Results, peer: str, row: Row) -> str:
    value = results.figure(peer, row.work, row.figure)
    if value is None:
        entry = results.entries.get((peer, row.work))
        return "failed" if entry is not None and entry.failure else "–"
    text = f"{value:,.{row.places}f}"
    ratio = results.ratio(peer, row.work, row.figure)
    return text if peer == US or ratio is None else f"{text} (×{ratio:.2g})" if ratio < 10 else f"{text} (×{ratio:.0f})"


def sized(results: Results, text: str, work: str = "") -> str:
    """``text`` with the sizes filled in that the work was done with."""
    if "{" not in text:
        return text
    entries = [entry for entry in results.entries.values() if entry.work == work or not work]
    sizes = entries[-1].sizes if entries else {}
    return text.format(
        files=f"{int(sizes.get('files', 0)):,}",
        equal=f"{int(sizes.get('equal', 0)):,}",
        large=f"{int(sizes.get('large', 0)) >> 20:,} MiB",
    )


def as_text(table: Table) -> str:
    widths = [max(len(row[column]) for row in table.rows) for column in range(len(table.rows[0]))]
    lines = []
    for row in table.rows:
        cells = [
            f"{row[0]:<{widths[0]}}",
            *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([table.title, *(f"  {line}" for line in lines)])


def as_markdown(table: Table) -> str:
    head, *rows = table.rows
    lines = [f"| {' | '.join((table.title, *head[1:]))} |", f"|{'---|' + '--:|' * (len(head) - 1)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def failures(results: Results) -> list[str]:
    """What did not come to its end, in words."""
    return [f"{entry.peer}, {entry.work}: {entry.failure}" for entry in results.entries.values() if entry.failure]
