"""Unison over a socket, looking again each second.  Its watch mode needs a program that Debian does not ship."""

from __future__ import annotations

import re

from benchmarks.peers.base import Peer, first_line, tool


class Unison(Peer):
    name = "unison"
    program = "unison"
    networked = True
    edits = 60

    @classmethod
    def version(cls) -> str:
        found = re.search(r"(\d[\d.]+)", first_line([tool("unison"), "-version"]))
        return found[1] if found else ""

    def prepare(self) -> None:
        self._port = self.place.port()
        self._door = self.place.via(self._port)

    def start(self) -> None:
        family, own = self.place.family, self.place.own
        family.launch("b", [tool("unison"), "-socket", str(self._port), "-listen", "127.0.0.1"], _home(own / "b"))
        self.place.wait_for(self._port)
        options = (
            "-ui",
            "text",
            "-batch",
            "-auto",
            "-repeat",
            "1",
            "-times",
            "-confirmbigdel=false",
            "-log=false",
            "-ignorelocks",
        )
        there = f"socket://127.0.0.1:{self._door}/{self.place.b}"
        family.launch("a", [tool("unison"), self.place.a, there, *options], _home(own / "a"))


def _home(folder: object) -> dict[str, str]:
    return {"UNISON": str(folder)}
