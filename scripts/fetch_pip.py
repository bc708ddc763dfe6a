"""Brings pip into a Python that came without it: the newest wheel of the package index, checked against its digest."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from urllib.parse import urljoin


def newest_wheel() -> tuple[str, str]:
    """The address and the SHA-256 of the newest final release."""
    page = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    request = urllib.request.Request(page, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        files = json.load(answer)["files"]
    finals = [f for f in files if re.fullmatch(r"pip-[\d.]+-py3-none-any\.whl", f["filename"]) and not f.get("yanked")]
    best = max(finals, key=lambda f: [int(n) for n in f["filename"].split("-")[1].split(".")])
    return urljoin(page, best["url"]), best["hashes"]["sha256"]


def main() -> None:
    address, digest = newest_wheel()
    with urllib.request.urlopen(address, timeout=120) as answer:
        wheel = answer.read()
    if hashlib.sha256(wheel).hexdigest() != digest:
        sys.exit(f"{address} does not have the digest that the index gives")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / address.rpartition("/")[2].partition("#")[0]
        path.write_bytes(wheel)
        subprocess.run([sys.executable, f"{path}/pip", "install", "--quiet", str(path)], check=True)


if __name__ == "__main__":
    main()
