"""Writes the figures into a document: what stands between two markers is made anew, the rest is left as it is.  Pure.

<!-- figures: seconds -->
…
<!-- end of figures -->
"""

from __future__ import annotations

import re
from typing import Final

from benchmarks import goals, limits, scale, tables
from benchmarks.results import Results

_PLACE: Final = re.compile(r"(<!-- figures: ([a-z]+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


class NoSuchFigures(Exception):
    """The document asks for what there is not."""


def renewed(text: str, results: Results) -> str:
    """``text`` with all its figures as they are in ``results``."""
    made = parts(results)

    def part(found: re.Match[str]) -> str:
        if found[2] not in made:
            raise NoSuchFigures(f"there are no figures {found[2]!r}; there are {', '.join(made)}")
        return f"{found[1]}{made[found[2]]}\n{found[3]}"

    return _PLACE.sub(part, text)


def parts(results: Results) -> dict[str, str]:
    """All that a document can ask for, by name."""
    named = {name: tables.as_markdown(tables.table(results, name)) for name in tables.TABLES}
    return named | {
        "machine": _machine(results),
        "goals": _goals(results),
        "scale": scale.as_markdown(results),
        "limits": limits.as_markdown(results),
    }


def _machine(results: Results) -> str:
    lines = [f"* {name}: {value}" for name, value in results.machine.items()]
    lines += [f"* {peer} {results.version(peer)}" for peer in results.peers()]
    return "\n".join(lines)


def _goals(results: Results) -> str:
    words = {True: "met", False: "**missed**", None: "open"}
    found = [f"| {one.goal.title} | {words[one.met]} | {one.reason} |" for one in goals.verdicts(results)]
    return "\n".join(["| goal | | figures |", "|---|---|---|", *found])
