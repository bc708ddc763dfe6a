"""The tables: what is shown of the results, for a terminal and for a document.  Pure."""

from __future__ import annotations

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
    Row("start", "seconds", "{files} small files found at the start"),
    Row("rename", "seconds", "the folder of {files} files renamed"),
    Row("delete", "seconds", "the folder of {files} files deleted"),
    Row("large", "seconds", "a file of {large} appears"),
    Row("insert", "seconds", "a byte inserted in the middle of {large}"),
    Row("append", "seconds", "5 bytes appended to {large}"),
    Row("link", "seconds", "{equal} equal files, first link: a probe crosses"),
    Row("link", "settled", "{equal} equal files, first link: all at rest"),
    Row("join", "seconds", "{equal} equal files, one joins: a probe crosses"),
    Row("restart", "seconds", "{equal} equal files, restart: a probe crosses"),
    Row("restart", "settled", "{equal} equal files, restart: all at rest"),
)
CPU: Final = tuple(Row(row.work, "cpu", row.title.split(":")[0]) for row in SECONDS if row.figure == "seconds")
LATENCY: Final = (
    Row("edits", "p50", "a small edit, median, ms", 1),
    Row("edits", "p99", "a small edit, 99th of a hundred, ms", 1),
    Row("edits", "cpu_each", "a small edit, CPU of all processes, ms", 1),
    Row("brisk", "p50", "in quick succession, median, ms", 1),
    Row("brisk", "p99", "in quick succession, 99th of a hundred, ms", 1),
    Row("brisk", "cpu_each", "in quick succession, CPU, ms", 1),
    Row("beside", "p50", "while {large} are on their way, median, ms", 1),
    Row("beside", "most", "while {large} are on their way, slowest, ms", 1),
)
REST: Final = (
    Row("rest", "cpu_share", "CPU, % of a core"),
    Row("rest", "rss", "memory of all processes (RSS), MiB", 0),
    Row("rest", "pss", "the same, shared pages once (PSS), MiB", 0),
)
WIRE: Final = (
    Row("wire", "insert", "a byte inserted in {large}, all connections", 0),
    Row("wire", "insert_most", "a byte inserted in {large}, the busiest connection", 0),
    Row("wire", "insert_told", "a byte inserted in {large}, as the peer counts it", 0),
    Row("wire", "append", "5 bytes appended to {large}, all connections", 0),
    Row("wire", "append_most", "5 bytes appended to {large}, the busiest connection", 0),
    Row("wire", "append_told", "5 bytes appended to {large}, as the peer counts it", 0),
    Row("wire", "ten_edits", "ten small edits, all connections", 0),
    Row("wire", "ten_edits_told", "ten small edits, as the peer counts them", 0),
    Row("link", "sent", "{equal} equal files, first link: sent by both", 0),
    Row("link", "content", "{equal} equal files, first link: of it content", 0),
    Row("link", "twice", "{equal} equal files, first link: content sent twice", 0),
    Row("join", "sent", "{equal} equal files, one joins: sent by it", 0),
    Row("join", "received", "{equal} equal files, one joins: received by it", 0),
    Row("join", "content", "{equal} equal files, one joins: content of both", 0),
    Row("restart", "sent", "{equal} equal files, restart: sent by both", 0),
)
TABLES: Final = {
    "seconds": ("Seconds", SECONDS),
    "cpu": ("CPU seconds of all processes", CPU),
    "edits": ("A small edit", LATENCY),
    "rest": ("At rest, {equal} files", REST),
    "wire": ("Bytes on the wire", WIRE),
}
"""By the names by which a document or a picture calls them."""


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text: the first row says the peers, the first column what was measured."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    best: tuple[int, ...] = ()
    """The column that has the least, in each row but the first; 0 where nobody is to be compared with."""

    @property
    def empty(self) -> bool:
        return len(self.rows) < 2


def tables(results: Results) -> list[Table]:
    """All tables that have something in them."""
    made = [table(results, name) for name in TABLES]
    return [one for one in made if not one.empty]


def table(results: Results, name: str) -> Table:
    title, rows = TABLES[name]
    peers = [peer for peer in results.peers() if any((peer, row.work) in results.entries for row in rows)]
    lines, best = [], []
    for row in rows:
        figures = [results.figure(peer, row.work, row.figure) for peer in peers]
        had = [figure for figure in figures if figure is not None]
        if had:
            cells = [_cell(results, peer, row) for peer in peers]
            lines.append((sized(results, row.title, row.work), *cells))
            best.append(figures.index(min(had)) + 1 if len(had) > 1 else 0)
    header = ("", *peers)
    return Table(sized(results, title, rows[0].work), (header, *lines) if lines else (header,), tuple(best))


def _cell(results: Results, peer: str, row: Row) -> str:
    value = results.figure(peer, row.work, row.figure)
    if value is None:
        entry = results.entries.get((peer, row.work))
        return "failed" if entry is not None and entry.failure else "–"
    text = f"{value:,.{row.places}f}"
    ratio = results.ratio(peer, row.work, row.figure)
    return text if peer == US or ratio is None else f"{text} (×{ratio:.2g})" if ratio < 10 else f"{text} (×{ratio:.0f})"


def sized(results: Results, text: str, work: str) -> str:
    """``text`` with the sizes filled in that the work was done with."""
    if "{" not in text:
        return text
    entries = [entry for entry in results.entries.values() if entry.work == work]
    sizes = entries[-1].sizes if entries else {}
    return text.format(
        files=f"{int(sizes.get('files', 0)):,}",
        equal=f"{int(sizes.get('equal', 0)):,}",
        large=f"{int(sizes.get('large', 0)) >> 20:,} MiB",
    )


def as_text(one: Table) -> str:
    widths = [max(len(row[column]) for row in one.rows) for column in range(len(one.rows[0]))]
    lines = []
    for row in one.rows:
        cells = [
            f"{row[0]:<{widths[0]}}",
            *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([one.title, *(f"  {line}" for line in lines)])


def as_markdown(one: Table) -> str:
    """Who leads in a row is in bold."""
    head, *rows = one.rows
    rows = [_with_best(row, best) for row, best in zip(rows, one.best or (0,) * len(rows), strict=True)]
    lines = [f"| {' | '.join((one.title, *head[1:]))} |", f"|{'---|' + '--:|' * (len(head) - 1)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def _with_best(row: tuple[str, ...], best: int) -> tuple[str, ...]:
    return tuple(f"**{cell}**" if best and column == best else cell for column, cell in enumerate(row))


def failures(results: Results) -> list[str]:
    """What did not come to its end, in words."""
    return [f"{entry.peer}, {entry.work}: {entry.failure}" for entry in results.entries.values() if entry.failure]
