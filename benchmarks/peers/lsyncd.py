"""lsyncd: watches one folder, and has rsync bring what changed to the other; local paths, one way."""

from __future__ import annotations

import re

from benchmarks.peers.base import Peer, first_line, tool


class Lsyncd(Peer):
    name = "lsyncd"
    program = "lsyncd"
    edits = 60

    @classmethod
    def version(cls) -> str:
        found = re.search(r"(\d[\d.]+)", first_line([tool("lsyncd"), "--version"]))
        return found[1] if found else ""

    def prepare(self) -> None:
        (self.place.own / "config.lua").write_text(f"""
settings {{ nodaemon = true, statusInterval = 1, logfile = "{self.place.own}/log", pidfile = "{self.place.own}/pid" }}
sync {{
    default.rsync, source = "{self.place.a}", target = "{self.place.b}", delay = 1, delete = true,
    rsync = {{ binary = "{tool("rsync")}", archive = true }}
}}
""")

    def start(self) -> None:
        self.place.family.launch("lsyncd", [tool("lsyncd"), self.place.own / "config.lua"])
