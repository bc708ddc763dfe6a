"""Syncthing: two instances that know each other's address, with the shortest delay that its watcher takes."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from pathlib import Path
from typing import Any, Final

from benchmarks.peers.base import Peer, Traffic, first_line, tool

KEY: Final = "key-for-benchmarks"
DELAY: Final = 0.1
"""Seconds that its watcher gathers changes.  Ten by default."""


class Syncthing(Peer):
    name = "syncthing"
    program = "syncthing"
    networked = True
    joins = True
    keeps = frozenset({".stfolder"})

    @classmethod
    def version(cls) -> str:
        found = re.search(r"v(\d[\d.]+)", first_line([tool("syncthing"), "--version"]))
        return found[1] if found else ""

    def prepare(self) -> None:
        sides = {root.name: root for root in (self.place.a, self.place.b)}
        ports = {side: self.place.port() for side in sides}
        self._asked = {side: self.place.port() for side in sides}
        ids = {side: self._identity(self.place.own / side) for side in sides}
        addresses = {"a": f"tcp://127.0.0.1:{ports['a']}", "b": f"tcp://127.0.0.1:{self.place.via(ports['b'])}"}
        if self.place.wired:
            addresses["a"] = "dynamic"  # it is never dialled: all goes through the proxy
        for side, root in sides.items():
            (root / ".stfolder").mkdir(exist_ok=True)
            text = _config(root, ids, addresses, ports[side], self._asked[side])
            (self.place.own / side / "config.xml").write_text(text)

    def start_side(self, side: str) -> None:
        options = ("--no-browser", "--no-upgrade", "--no-restart", f"--home={self.place.own / side}")
        # A monitor that only restarts it would count as a third and fourth process.
        environment = {"STNODEFAULTFOLDER": "1", "STMONITORED": "1", "STNOUPGRADE": "1"}
        self.place.family.launch(side, [tool("syncthing"), "serve", *options], environment)

    def traffic(self) -> Traffic | None:
        a, b = (self._ask(side, "system/connections")["total"] for side in ("a", "b"))
        return Traffic(a["outBytesTotal"], a["inBytesTotal"], b["outBytesTotal"], b["inBytesTotal"])

    def _identity(self, home: Path) -> str:
        for options in (("generate", "--no-default-folder"), ("serve", "--device-id")):
            done = subprocess.run(
                [tool("syncthing"), *options, f"--home={home}"], capture_output=True, text=True, check=True
            )
        return done.stdout.strip()

    def _ask(self, side: str, what: str) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._asked[side]}/rest/{what}", headers={"X-API-Key": KEY}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return dict(json.load(answer))


def _config(root: Path, ids: dict[str, str], addresses: dict[str, str], port: int, asked: int) -> str:
    """Everything else is as it is by default; what it does to be found and updated is off."""
    shared = "".join(f'<device id="{identity}"/>' for identity in ids.values())
    devices = "".join(
        f'<device id="{identity}" name="{side}"><address>{addresses[side]}</address></device>'
        for side, identity in ids.items()
    )
    return f"""<configuration version="37">
  <folder id="shared" label="" path="{root}" type="sendreceive" rescanIntervalS="0" fsWatcherEnabled="true"
      fsWatcherDelayS="{DELAY}">
    <filesystemType>basic</filesystemType>{shared}
    <minDiskFree unit="%">0</minDiskFree>
  </folder>
  {devices}
  <gui enabled="true" tls="false"><address>127.0.0.1:{asked}</address><apikey>{KEY}</apikey></gui>
  <options>
    <listenAddress>tcp://127.0.0.1:{port}</listenAddress>
    <globalAnnounceEnabled>false</globalAnnounceEnabled>
    <localAnnounceEnabled>false</localAnnounceEnabled>
    <relaysEnabled>false</relaysEnabled>
    <natEnabled>false</natEnabled>
    <startBrowser>false</startBrowser>
    <reconnectionIntervalS>5</reconnectionIntervalS>
    <urAccepted>-1</urAccepted>
    <autoUpgradeIntervalH>0</autoUpgradeIntervalH>
    <crashReportingEnabled>false</crashReportingEnabled>
    <announceLANAddresses>false</announceLANAddresses>
    <setLowPriority>false</setLowPriority>
    <minHomeDiskFree unit="%">0</minHomeDiskFree>
  </options>
</configuration>
"""
