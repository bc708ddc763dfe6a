"""An agent that reaches its hub through a proxy alone: hub, agents and proxies are real, and the hub has a name that
nobody but the proxies knows.  What is told of trouble, and that a password is told nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import KEY, Agent, Program, World, until
from tests.support.proxies import HttpProxy, SocksProxy, in_a_thread

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PASSWORD = "hu:sh/canary"
NAMES = {"hub.test": "127.0.0.1"}
SOON = 60.0


class Behind(World):
    """A hub beyond this machine, as far as its agents can tell."""

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        self.server = f"wss://hub.test:{self.port}"
        self.hub = Program(base / "hub-output", "hub", "--data-dir", base / "hub", "--listen", f"0.0.0.0:{self.port}")
        self.start_hub()
        until(lambda: bool(self._fingerprint()), SOON, self.hub.said)

    def _fingerprint(self) -> str:
        found = re.search(r"SHA-256 ([0-9a-f]{64})", self.hub.said())
        return found[1] if found else ""

    def agent_by(self, name: str, **environment: str) -> Agent:
        made = self.agent(name, start=False)
        made.settings |= {"SYNCAGENT_FINGERPRINT": self._fingerprint(), **environment}
        made.start()
        return made


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Behind]:
    made = Behind(tmp_path)
    yield made
    made.end()


def told(agent: Agent) -> str:
    """All that it says to whoever asks, and has written down."""
    answers = [agent.control.call(command) for command in ("status", "config", "log")]
    files = [path.read_text(errors="replace") for path in (agent.data_dir / "logs").iterdir()]
    return "\n".join([agent.said(), *map(str, answers), *files])


@pytest.mark.hazard("G4", "G5")
def test_two_machines_meet_through_proxies_that_want_a_password(behind: Behind) -> None:
    http, socks = HttpProxy(NAMES, "ann", PASSWORD), SocksProxy(NAMES, "ben", PASSWORD)
    with in_a_thread(http), in_a_thread(socks):
        anna = behind.agent_by("anna", HTTPS_PROXY=f"http://ann:hu%3Ash%2Fcanary@127.0.0.1:{http.port}")
        bert = behind.agent_by("bert", SYNCAGENT_PROXY=f"socks5h://ben:hu%3Ash%2Fcanary@127.0.0.1:{socks.port}")
        anna.write("docs/letter.txt", "dear bert")
        (bert.root / "large").write_bytes(bytes(range(256)) * 20_000)
        assert set(behind.settle()) == {"docs", "docs/letter.txt", "large"}
        assert set(http.asked) == set(socks.asked) == {("hub.test", behind.port)}
        assert anna.status()["proxy"] == f"http://ann@127.0.0.1:{http.port}"
        for agent in (anna, bert):
            said = told(agent)
            assert "canary" not in said.replace(KEY, "")
            assert "Proxy-Authorization" not in said


@pytest.mark.hazard("F13", "G5")
def test_trouble_with_a_proxy_is_told_and_mended_while_the_agent_runs(behind: Behind) -> None:
    http, socks = HttpProxy(NAMES, "ann", PASSWORD), SocksProxy(NAMES)
    with in_a_thread(http), in_a_thread(socks):
        anna = behind.agent_by("anna", SYNCAGENT_KEY_STORE="file")
        anna.write("a", "1")
        until(lambda: "cannot be found" in anna.status()["reason"], SOON, lambda: str(anna.status()))

        def choose(proxy: str, words: str) -> None:
            anna.control.call("config.set", changes={"proxy": proxy})
            until(lambda: words in anna.status()["reason"], SOON, lambda: str(anna.status()))

        choose("http://127.0.0.1:1", "cannot be reached")
        choose(f"http://127.0.0.1:{http.port}", "wants a name and a password (HTTP 407)")
        assert anna.status()["stuck"] == "hub", "only a person can mend that"
        choose(f"http://ann:canary@127.0.0.1:{http.port}", "does not take this name and password")
        anna.control.call("config.set", changes={"proxy": f"http://ann:hu%3Ash%2Fcanary@127.0.0.1:{http.port}"})
        anna.wait()
        assert http.asked
        assert "canary" not in (anna.data_dir / "config.toml").read_text()
        anna.end()
        anna.start()
        anna.wait()
        anna.control.call("config.set", changes={"proxy": f"socks5h://127.0.0.1:{socks.port}"})
        anna.write("a", "2")
        until(lambda: bool(socks.asked), SOON, lambda: str(anna.status()))
        anna.wait()
        assert "canary" not in told(anna).replace(KEY, "")
