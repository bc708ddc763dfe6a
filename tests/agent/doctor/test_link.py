"""The way to the hub, looked at by a stand-in and by a real one."""

from __future__ import annotations

import asyncio
import hashlib
import http.server
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from syncagent.agent.config.settings import Settings
from syncagent.agent.doctor import link as doctor
from syncagent.agent.doctor.findings import Check, Verdict
from syncagent.agent.keys import save_key, save_proxy_password
from syncagent.agent.places import Places
from syncagent.hub import app
from tests.support.hubs import KEY, hub_in
from tests.support.proxies import HttpProxy


class Hub(http.server.BaseHTTPRequestHandler):
    hour = ""
    asked: list[str]

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.path} {self.headers}")  # type: ignore[attr-defined]
        self.send_response_only(302)
        self.send_header("Location", "http://elsewhere.invalid/")
        self.send_header("Date", self.server.hour or self.date_time_string())  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    hour = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hub)
        self.asked: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that does not like the certificate hangs up


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def spot(tmp_path: Path) -> Places:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "root").mkdir()
    return Places(tmp_path / "data")


def settings(spot: Places, server: str, **rest: str) -> Settings:
    return Settings(sync_root=spot.data_dir.parent / "root", server=server, **rest)  # type: ignore[arg-type]


def test_a_hub_that_does_not_answer(spot: Places) -> None:
    _, check = doctor.hub_and_clock(settings(spot, "ws://127.0.0.1:1"))
    assert (check.verdict, check.found) == (Verdict.PROBLEM, "127.0.0.1:1: Connection refused")


def test_a_clock_that_is_far_off_is_a_warning(spot: Places, server: Server) -> None:
    server.hour = "Mon, 01 Jan 2001 00:00:00 GMT"
    _, hub, clock = doctor.hub_and_clock(settings(spot, f"ws://127.0.0.1:{server.server_port}"))
    assert (hub.verdict, clock.verdict) == (Verdict.OK, Verdict.WARNING)
    server.hour = "not a date"
    *_, only = doctor.hub_and_clock(settings(spot, f"ws://127.0.0.1:{server.server_port}"))
    assert only.name == "hub"


def test_a_certificate_is_known_by_its_fingerprint_or_not_at_all(spot: Places, server: Server) -> None:
    made = trustme.CA().issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    address = f"wss://127.0.0.1:{server.server_port}"
    right = hashlib.sha256(ssl.PEM_cert_to_DER_cert(made.cert_chain_pems[0].bytes().decode())).hexdigest()
    found = {one.name: one for one in doctor.hub_and_clock(settings(spot, address, fingerprint=right))}
    assert {one.verdict for one in found.values()} == {Verdict.OK}
    assert found["certificate"].data["pinned"]
    assert found["certificate"].data["names"] == ["127.0.0.1"]
    for wrong in ("0" * 64, ""):
        _, check = doctor.hub_and_clock(settings(spot, address, fingerprint=wrong))
        assert check.verdict is Verdict.PROBLEM
        assert "certificate" in check.found
    assert len(server.asked) == 1, "nothing is asked of a hub that is not the right one"


@pytest.mark.hazard("G5")
async def test_behind_a_proxy_the_hub_is_asked_through_it_and_told_no_key(spot: Places, tmp_path: Path) -> None:
    save_key(spot, "secret-key-of-this-machine", "file")
    at_hub = app.HubConfig(tmp_path / "hub", host="0.0.0.0", port=0, bootstrap_key="another-key-of-the-hub")
    async with app.Hub(at_hub) as hub, HttpProxy({"hub.test": "127.0.0.1"}, "ann", "hush") as proxy:
        address = f"http://ann@127.0.0.1:{proxy.port}"
        chosen = settings(spot, f"wss://hub.test:{hub.port}", fingerprint=hub.fingerprint, proxy=address)

        async def checks(chosen: Settings) -> dict[str, Check]:
            return {one.name: one for one in await asyncio.to_thread(lambda: list(doctor.hub_and_clock(chosen, spot)))}

        found = await checks(chosen)
        assert {name: check.verdict for name, check in found.items()} == {
            "proxy": Verdict.WARNING,
            "hub": Verdict.PROBLEM,
        }
        assert "does not take this name and password (HTTP 407)" in found["hub"].found
        assert "it is kept apart" in found["hub"].todo
        save_proxy_password(spot, address, "hush", "file")
        found = await checks(chosen)
        assert {name: check.verdict for name, check in found.items()} == dict.fromkeys(
            ("proxy", "hub", "certificate", "clock"), Verdict.OK
        )
        assert found["proxy"].found == f"{address}, as the settings say"
        assert proxy.asked == [("hub.test", hub.port)]
        found = await checks(chosen.model_copy(update={"fingerprint": "ab" * 32}))
        assert "another certificate" in found["hub"].found


def test_a_proxy_that_cannot_be_is_told(spot: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "gopher://proxy:1")
    [check] = doctor.hub_and_clock(settings(spot, "wss://hub.test:1"))
    assert (check.name, check.verdict) == ("proxy", Verdict.PROBLEM)


async def checks_of(chosen: Settings, key: str = "") -> dict[str, Check]:
    return {one.name: one for one in await asyncio.to_thread(lambda: list(doctor.hub_and_clock(chosen, None, key)))}


async def test_a_hub_that_lets_us_in_tells_what_it_can_do_and_what_hour_it_has(spot: Places, tmp_path: Path) -> None:
    async with hub_in(tmp_path / "hub") as address:
        found = await checks_of(settings(spot, address), KEY)
        assert {name: one.verdict for name, one in found.items()} == dict.fromkeys(
            ("proxy", "hub", "connection", "hub's version", "clock"), Verdict.OK
        )
        assert found["connection"].data["answer_ms"] > 0
        assert "journal" in found["hub's version"].data["capabilities"]
        assert found["hub's version"].data["version"]
        assert abs(found["clock"].data["skew_seconds"]) < 60
        found = await checks_of(settings(spot, address), "a key that it does not know")
        assert found["connection"].verdict is Verdict.PROBLEM
        assert "clock" not in found


async def test_what_is_no_hub_is_not_told_the_key(spot: Places, server: Server) -> None:
    found = await checks_of(settings(spot, f"ws://127.0.0.1:{server.server_port}"), "secret-key-of-this-machine")
    assert found["connection"].verdict is Verdict.PROBLEM
    assert not [one for one in server.asked if "secret-key" in one]
    assert not [one for one in server.asked if "elsewhere" in one], "a redirect is not followed"


def test_a_hub_that_is_far_away_without_tls_is_a_problem(spot: Places) -> None:
    way = doctor.Way(settings(spot, "ws://hub.test:80"))
    assert (way.where, way.secure) == ("hub.test:80", False)


@pytest.mark.parametrize(("apart", "verdict"), [(0.2, Verdict.OK), (-20.0, Verdict.NOTE), (4000.0, Verdict.WARNING)])
def test_how_far_a_clock_is_off_decides_what_is_said_of_it(apart: float, verdict: Verdict) -> None:
    check = doctor.clock(apart, exact=True)
    assert (check.verdict, check.data["skew_seconds"]) == (verdict, apart)
    assert ("ahead of" if apart > 0 else "behind") in check.found
    assert bool(check.means) is (verdict is not Verdict.OK)


def test_a_certificate_that_ends_soon_is_a_warning(spot: Places) -> None:
    from datetime import UTC, datetime

    for days, verdict in ((5, Verdict.WARNING), (200, Verdict.OK)):
        made = trustme.CA(organization_name="Ours").issue_cert(
            "hub.test", not_after=datetime.now(UTC) + timedelta(days=days, hours=1)
        )
        shown = ssl.PEM_cert_to_DER_cert(made.cert_chain_pems[0].bytes().decode())
        check = doctor.certificate(doctor.Health(certificate=shown, tls="TLSv1.3"), settings(spot, "wss://hub.test:1"))
        assert (check.verdict, check.data["days_left"]) == (verdict, days)
        assert check.data["names"] == ["hub.test"]
        assert "TLSv1.3" in check.found


@pytest.mark.hazard("G5")
def test_a_password_that_stands_in_the_settings_is_not_told(spot: Places) -> None:
    chosen = settings(spot, "wss://127.0.0.1:1", proxy="http://ann:hush@proxy:3128")
    assert "hush" not in str(list(doctor.hub_and_clock(chosen, spot)))
