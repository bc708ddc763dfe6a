"""The doctor: each check says ok, warn or fail, and what to do."""

from __future__ import annotations

import asyncio
import hashlib
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from syncagent.agent import doctor
from syncagent.agent.config.settings import Settings
from syncagent.agent.doctor import Check, Verdict, examine
from syncagent.agent.keys import save_key, save_proxy_password
from syncagent.agent.places import Places
from syncagent.hub import app
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


def verdicts(spot: Places, chosen: Settings | None, trouble: str = "") -> dict[str, Verdict]:
    return {check.name: check.verdict for check in examine(spot, chosen, trouble)}


def test_all_is_well_but_that_no_agent_runs(spot: Places, server: Server) -> None:
    save_key(spot, "secret-key-of-this-machine", "file")
    found = verdicts(spot, settings(spot, f"ws://127.0.0.1:{server.server_port}"))
    assert found.pop("agent") is Verdict.WARN
    assert set(found) == {
        "python", "versions", "data directory", "settings", "key", "folder", "file system", "watching", "disk space",
        "hub", "clock",
    }  # fmt: skip
    assert {name for name, verdict in found.items() if verdict is Verdict.FAIL} == set()
    [asked] = server.asked
    assert asked.startswith("/health ")
    assert "secret-key" not in asked, "the key is sent nowhere, and a redirect is not followed"


def test_without_settings_the_rest_is_still_looked_at(spot: Places) -> None:
    checks = {check.name: check for check in examine(spot, None, "config.toml:1:1: wrong")}
    assert checks["settings"].verdict is Verdict.FAIL
    assert checks["settings"].found == "config.toml:1:1: wrong"
    assert checks["python"].verdict is Verdict.OK


def test_all_that_is_not_well_says_what_to_do(spot: Places) -> None:
    spot.data_dir.chmod(0o755)
    for check in examine(spot, settings(spot, "ws://127.0.0.1:1"), ""):
        assert check.verdict is Verdict.OK or check.todo, check


def test_a_hub_that_does_not_answer(spot: Places) -> None:
    [check] = doctor.hub_and_clock(settings(spot, "ws://127.0.0.1:1"))
    assert (check.verdict, check.found) == (Verdict.FAIL, "127.0.0.1:1: Connection refused")


def test_a_clock_that_is_far_off_is_a_warning(spot: Places, server: Server) -> None:
    server.hour = "Mon, 01 Jan 2001 00:00:00 GMT"
    hub, clock = doctor.hub_and_clock(settings(spot, f"ws://127.0.0.1:{server.server_port}"))
    assert (hub.verdict, clock.verdict) == (Verdict.OK, Verdict.WARN)
    server.hour = "not a date"
    [only] = doctor.hub_and_clock(settings(spot, f"ws://127.0.0.1:{server.server_port}"))
    assert only.name == "hub"


def test_a_certificate_is_known_by_its_fingerprint_or_not_at_all(spot: Places, server: Server) -> None:
    made = trustme.CA().issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    address = f"wss://127.0.0.1:{server.server_port}"
    right = hashlib.sha256(ssl.PEM_cert_to_DER_cert(made.cert_chain_pems[0].bytes().decode())).hexdigest()
    assert next(doctor.hub_and_clock(settings(spot, address, fingerprint=right))).verdict is Verdict.OK
    for wrong in ("0" * 64, ""):
        check = next(doctor.hub_and_clock(settings(spot, address, fingerprint=wrong)))
        assert check.verdict is Verdict.FAIL
        assert "certificate" in check.found
    assert len(server.asked) == 1, "nothing is asked of a hub that is not the right one"


def test_a_folder_that_is_gone_or_is_none(spot: Places, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("root")
    assert doctor.folder(tmp_path / "none").verdict is Verdict.FAIL
    assert "nothing is deleted" in doctor.folder(tmp_path / "none").todo
    assert doctor.folder(tmp_path / "file").verdict is Verdict.FAIL
    assert doctor.folder(tmp_path / "link").verdict is Verdict.OK
    gone = Settings(sync_root=tmp_path / "none", server="ws://127.0.0.1:1")
    assert verdicts(spot, gone)["folder"] is Verdict.FAIL


def test_more_folders_than_may_be_watched(tmp_path: Path) -> None:
    limits = tmp_path / "inotify"
    limits.mkdir()
    root = tmp_path / "root"
    for number in range(9):
        (root / f"d{number}").mkdir(parents=True)
    (root / "loop").symlink_to(".")
    for most, verdict in ((100, Verdict.OK), (12, Verdict.WARN), (10, Verdict.FAIL), (5, Verdict.FAIL)):
        (limits / "max_user_watches").write_text(f"{most}\n")
        assert doctor.watch_limits(root, limits).verdict is verdict, most
    assert "sysctl" in doctor.watch_limits(root, limits).todo
    assert doctor.watch_limits(root, tmp_path / "no-linux").verdict is Verdict.OK


def test_the_count_of_folders_ends_in_time(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert doctor.count_folders(tmp_path, 100) == (3, True)
    hours = iter((0.0, 0.0, 99.0))
    assert doctor.count_folders(tmp_path, 100, lambda: next(hours)) == (2, False)


def test_a_key_that_others_can_read_fails(spot: Places) -> None:
    save_key(spot, "k", "file")
    spot.key.chmod(0o644)
    assert doctor.key_kept(spot).verdict is Verdict.FAIL


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
        assert {name: check.verdict for name, check in found.items()} == {"proxy": Verdict.WARN, "hub": Verdict.FAIL}
        assert "does not take this name and password (HTTP 407)" in found["hub"].found
        assert "it is kept apart" in found["hub"].todo
        save_proxy_password(spot, address, "hush", "file")
        found = await checks(chosen)
        assert {name: check.verdict for name, check in found.items()} == dict.fromkeys(
            ("proxy", "hub", "clock"), Verdict.OK
        )
        assert found["proxy"].found == f"{address}, as the settings say"
        assert proxy.asked == [("hub.test", hub.port)]
        found = await checks(chosen.model_copy(update={"fingerprint": "ab" * 32}))
        assert "another certificate" in found["hub"].found


def test_a_proxy_that_cannot_be_is_told(spot: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "gopher://proxy:1")
    [check] = doctor.hub_and_clock(settings(spot, "wss://hub.test:1"))
    assert (check.name, check.verdict) == ("proxy", Verdict.FAIL)
