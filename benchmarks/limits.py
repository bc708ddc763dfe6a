"""What this machine and the libraries that we use can do at best: ``python -m benchmarks.limits [--json FILE]``."""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

import apsw
from blake3 import blake3
from pyfastcdc import FastCDC
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.results import US, Entry, Figures, Results

FIGURES: Final = {
    "fsync": "a file of 4 KiB written, fsync, renamed: median, ms",
    "files": "the same without fsync, ms",
    "commit": "a commit of SQLite (WAL, synchronous FULL): median, ms",
    "write": "1 GiB written and fsync, GB/s",
    "read": "1 GiB read from memory, GB/s",
    "blake3": "BLAKE3, one thread, blocks of 64 KiB, GB/s",
    "cdc": "pyfastcdc, 64 KiB on average, GB/s",
    "up": "websockets, frames of 256 KiB, client to server, GB/s",
    "trip": "websockets, a small text there and back: median, ms",
    "python": "start of Python, ms",
    "agent": "start of `syncagent run`, until its modules are there, ms",
}


def measure(home: Path) -> Figures:
    data = os.urandom(1 << 26)
    view = memoryview(data)
    figures = {"fsync": _files(home, durable=True), "files": _files(home, durable=False), "commit": _commits(home)}
    figures |= _large(home, data)
    step = 1 << 16
    figures["blake3"] = _speed(len(data), lambda: [blake3(view[at : at + step]) for at in range(0, len(data), step)])
    cutter = FastCDC(step, min_size=step // 4, max_size=step * 4)
    figures["cdc"] = _speed(len(data), lambda: list(cutter.cut_buf(data)))
    figures |= asyncio.run(_socket(data))
    figures["python"] = _start("pass")
    figures["agent"] = _start("import syncagent.agent.runtime")
    return figures


def _files(home: Path, durable: bool) -> float:
    seconds = []
    for number in range(300):
        began = time.perf_counter()
        with (home / "new").open("wb") as file:
            file.write(bytes(4096))
            if durable:
                file.flush()
                os.fsync(file.fileno())
        (home / "new").rename(home / f"{number}")
        seconds.append(time.perf_counter() - began)
    return median(seconds) * 1000


def _commits(home: Path) -> float:
    database = apsw.Connection(str(home / "database"))
    database.execute("pragma journal_mode = wal; pragma synchronous = full; create table t (x)").fetchall()
    seconds = []
    for _ in range(300):
        began = time.perf_counter()
        database.execute("begin immediate; insert into t values (randomblob(100)); commit")
        seconds.append(time.perf_counter() - began)
    database.close()
    return median(seconds) * 1000


def _large(home: Path, data: bytes) -> Figures:
    path = home / "large"
    times = (1 << 30) // len(data)
    began = time.perf_counter()
    with path.open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(data)
        os.fsync(file.fileno())
    written = time.perf_counter() - began
    buffer = bytearray(1 << 18)
    began = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
    return {"write": 1.074 / written, "read": 1.074 / (time.perf_counter() - began)}


async def _socket(data: bytes) -> Figures:
    async def answer(connection: ServerConnection) -> None:
        async for message in connection:
            if isinstance(message, str):
                await connection.send(message)

    async with serve(answer, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", compression=None, proxy=None) as client:
            seconds = []
            for _ in range(300):
                began = time.perf_counter()
                await client.send("x" * 200)
                await client.recv()
                seconds.append(time.perf_counter() - began)
            frame = data[: 1 << 18]
            began = time.perf_counter()
            for _ in range(2048):
                await client.send(frame)
            await client.send("done")
            await client.recv()
            return {"trip": median(seconds) * 1000, "up": 0.537 / (time.perf_counter() - began)}


def _speed(size: int, work: Callable[[], object]) -> float:
    """In GB/s, the best of five."""
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return size / min(seconds) / 1e9


def _start(code: str) -> float:
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        seconds.append(time.perf_counter() - began)
    return median(seconds) * 1000


def as_markdown(results: Results) -> str:
    figures = [(title, results.figure(US, "limits", name)) for name, title in FIGURES.items()]
    lines = [f"| {title} | {figure:,.2f} |" for title, figure in figures if figure is not None]
    return "\n".join(["| limit | |", "|---|--:|", *lines]) if lines else "not measured yet"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="keep the results there; those that are there already stay")
    parser.add_argument("--at", metavar="DIR", help="where to work (default: the place for temporary files)")
    options = parser.parse_args(arguments)
    path = Path(options.json) if options.json else None
    results = Results.read(path) if path else Results()
    with tempfile.TemporaryDirectory(dir=options.at) as home:
        figures = measure(Path(home))
    results.add([Entry(US, "limits", "", (figures,), when=datetime.now(UTC).isoformat(timespec="seconds"))])
    if path:
        results.write(path)
    print(as_markdown(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
