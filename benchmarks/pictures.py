"""The tables as pictures: a panel for each row, a bar for each peer.  Drawn the same way each time, bit for bit."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

from benchmarks import tables
from benchmarks.results import US, Results
from benchmarks.tables import Row

OURS: Final = "#1f6f8b"
OTHERS: Final = "#c9d3d8"
INK: Final = "#2b2b2b"
ACROSS: Final = 3


def draw(results: Results, folder: Path) -> list[Path]:
    """One picture for each table that has something in it; which they are."""
    mpl.use("svg")
    mpl.rcParams.update(
        {"svg.hashsalt": "syncagent", "svg.fonttype": "none", "font.size": 8, "font.family": "DejaVu Sans"}
    )
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for name, (title, rows) in tables.TABLES.items():
        shown = [row for row in rows if _bars(results, row)]
        if shown:
            drawn.append(folder / f"{name}.svg")
            _draw(results, tables.sized(results, title, rows[0].work), shown, drawn[-1])
    return drawn


def _draw(results: Results, title: str, rows: list[Row], path: Path) -> None:
    from matplotlib import pyplot as plt

    down = -(-len(rows) // ACROSS)
    most = max(len(_bars(results, row)) for row in rows)
    figure, panels = plt.subplots(down, ACROSS, figsize=(11, down * (0.75 + 0.2 * most)), squeeze=False)
    figure.suptitle(f"{title} (shorter is better)", color=INK, fontsize=10, x=0.01, ha="left")
    for panel, row in zip(panels.flat, rows, strict=False):
        _panel(panel, tables.sized(results, row.title, row.work), _bars(results, row), row.places)
        panel.set_ylim(most - 0.5, -0.5)
    for panel in list(panels.flat)[len(rows) :]:
        panel.set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def _panel(panel: Any, title: str, bars: list[tuple[str, float]], places: int) -> None:
    names = [name for name, _ in bars]
    values = [value for _, value in bars]
    drawn = panel.barh(names, values, color=[OURS if name == US else OTHERS for name in names], height=0.7)
    panel.bar_label(drawn, labels=[f"{value:,.{places}f}" for value in values], padding=2, color=INK)
    panel.set_title(_wrapped(title), fontsize=8, loc="left", color=INK)
    panel.set_xlim(0, max(values) * 1.25 or 1)
    panel.xaxis.set_visible(False)
    panel.tick_params(left=False)
    panel.spines[:].set_visible(False)


def _wrapped(title: str, width: int = 46) -> str:

    return "\n".join(textwrap.wrap(title, width))


def _bars(results: Results, row: Row) -> list[tuple[str, float]]:
    figures = [(peer, results.figure(peer, row.work, row.figure)) for peer in results.peers()]
    return [(peer, figure) for peer, figure in figures if figure is not None]
