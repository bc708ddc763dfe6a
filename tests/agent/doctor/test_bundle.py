"""A bundle tells how it stands, and no name."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from syncagent.agent.config.reading import Source
from syncagent.agent.config.settings import Settings
from syncagent.agent.doctor.bundle import Part, make_parts, told, write_bundle
from syncagent.agent.doctor.examine import examine
from syncagent.agent.keys import save_key, save_proxy_password
from syncagent.agent.logs import Echo, end, log_to
from syncagent.errors import BadConfig
from tests.support.agents import config_in, running
from tests.support.hubs import KEY, hub_in

PLANTED = {
    "key": KEY, "folder": "Walburgas Steuer", "file": "Gehaltsliste 2025.xlsx", "other": "ann.txt",
    "machine": "Zwetschgenbaum", "proxy password": "hush-hush-hush", "proxy": "proxy.quittengelee.example",
    "proxy user": "holunder", "folder at the hub": "mirabelle", "conflict": "Kirsche",
}  # fmt: skip


@pytest.mark.hazard("G7")
async def test_nothing_that_was_planted_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "pflaumenmus")
    monkeypatch.setenv("LOGNAME", "pflaumenmus")
    monkeypatch.setenv("HTTPS_PROXY", f"http://holunder:{PLANTED['proxy password']}@{PLANTED['proxy']}:3128")
    monkeypatch.setattr("socket.gethostname", lambda: "reineclaude.example")
    async with hub_in(tmp_path / "hub") as server:
        base = tmp_path / "pflaumenmus"
        proxy = f"http://holunder@{PLANTED['proxy']}:3128"
        config = config_in(base, server=server, name=PLANTED["machine"], folder="mirabelle", proxy=proxy)
        save_key(config.places, KEY, "file")
        save_proxy_password(config.places, proxy, PLANTED["proxy password"], "file")
        inner = config.sync_root / PLANTED["folder"]
        inner.mkdir()
        for name in (PLANTED["file"], PLANTED["other"], "CON", "the hub"):
            (inner / name).write_text("nothing of this is told")
        (config.sync_root / "a (conflict 2026-11-22 Kirsche).txt").write_text("x")
        handler = log_to(config.places.log, secrets=[], echo=Echo.NONE)
        try:
            async with running(config) as agent:
                await agent.wait()
                (inner / PLANTED["file"]).rename(config.sync_root / PLANTED["file"])
                await agent.wait()
                settings = Settings(**{key: getattr(config, key) for key in Settings.model_fields})
                source = Source(config.places, fixed={"": settings.model_dump()})

                def made() -> list[Part]:
                    return make_parts(config.places, source, settings, list(examine(config.places, settings)))

                parts = await asyncio.to_thread(made)
                again = await asyncio.to_thread(made)
        finally:
            end(handler)
    by_name = {part.name: part.text for part in parts}
    assert list(by_name) == [
        "README.txt", "doctor.json", "versions.json", "config.json", "status.json", "log.txt", "flight.jsonl",
    ]  # fmt: skip
    whole = "".join(by_name.values()).lower()
    others = ("pflaumenmus", "reineclaude", "nothing of this", str(tmp_path), "quittengelee", "Steuer")
    for secret in (*PLANTED.values(), *others):
        assert secret.lower() not in whole, secret
        assert json.dumps(secret)[1:-1].lower() not in whole, secret
    # It is still of use.
    assert json.loads(by_name["status.json"])["in_sync"] is True
    assert json.loads(by_name["versions.json"])["checks"]["versions"]["syncagent"]
    assert {row["key"] for row in json.loads(by_name["config.json"])} >= {"server", "proxy", "sync_root"}
    assert "connected to the hub" in by_name["log.txt"]
    assert len(by_name["flight.jsonl"].splitlines()) > 5
    # A name is one and the same in all parts, and another one in the next bundle.
    pseudonym = json.loads(by_name["flight.jsonl"].splitlines()[0])["client_id"]
    assert json.loads(by_name["status.json"])["client_id"] == pseudonym
    assert pseudonym not in "".join(part.text for part in again)


async def test_without_an_agent_it_says_what_could_not_be_had(tmp_path: Path) -> None:
    places = config_in(tmp_path).places
    parts = {one.name: one.text for one in await asyncio.to_thread(make_parts, places, Source(places), None, [])}
    assert "could_not_be_had" in parts["status.json"]
    assert "could_not_be_had" in parts["flight.jsonl"]
    assert "cannot be read" in parts["log.txt"]


@pytest.mark.parametrize("name", ["b.zip", "b.tar.gz", "b.tgz"])
def test_it_is_one_file_for_its_owner_alone_and_never_replaces_another(tmp_path: Path, name: str) -> None:
    target, parts = tmp_path / name, [Part("a.txt", "some", "é text"), Part("b.txt", "more", "")]
    size = write_bundle(target, parts)
    assert (target.stat().st_size, target.stat().st_mode & 0o777) == (size, 0o600)
    packed = io.BytesIO(target.read_bytes())
    if name.endswith(".zip"):
        with zipfile.ZipFile(packed) as archive:
            found = {one: archive.read(one).decode() for one in archive.namelist()}
    else:
        with tarfile.open(fileobj=packed) as tar:
            found = {one.name: tar.extractfile(one).read().decode() for one in tar}  # type: ignore[union-attr]
    assert found == {"a.txt": "é text", "b.txt": ""}
    with pytest.raises(BadConfig, match="is not replaced"):
        write_bundle(target, [])
    assert target.stat().st_size == size
    assert told(parts, size, target)["files"][0] == {"name": "a.txt", "what": "some", "bytes": 7}


def test_a_name_says_how_it_is_packed(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="ends with"):
        write_bundle(tmp_path / "bundle.rar", [])
    with pytest.raises(BadConfig, match="cannot be written"):
        write_bundle(tmp_path / "none" / "b.zip", [])
    assert not list(tmp_path.iterdir())
