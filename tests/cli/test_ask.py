"""Commands to the running agent, over its real socket."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from syncagent.agent.lock import is_held
from syncagent.agent.places import Places

if TYPE_CHECKING:
    from tests.cli.conftest import Script

Command = Callable[..., tuple[int, str, str]]


def test_status_says_that_all_is_in_sync(command: Command, agent: Script) -> None:
    code, out, err = command("status")
    assert (code, err) == (0, "")
    assert "Laptop keeps /srv/folder with ws://127.0.0.1:8765" in out
    assert "\n  in sync\n" in out
    assert "hub at change 12, here at 12; hub heard" in out


def test_status_says_what_is_not_and_why(command: Command, agent: Script) -> None:
    agent.status |= {
        "in_sync": False, "state": "syncing", "pending": 3, "applied_seq": 9,
        "lines": [
            {"kind": "watch", "text": "watching: degraded; the limit", "hinders": True},
            {"kind": "held", "text": "120 deletes at once", "path": "docs", "hinders": True},
        ],
        "unreadable": [{"path": "secret", "reason": "permission denied"}],
        "held": [{"path": "docs", "reason": "120 deletes at once"}],
        "skipped": [{"path": f"bad\x1b[31m{n}", "reason": "a FIFO"} for n in range(30)]
        + [{"path": "secret", "reason": "permission denied"}],
    }  # fmt: skip
    code, out, _ = command("status")
    assert code == 0
    assert "syncing: 3 changes pending, 1 held, 1 unreadable, 30 skipped" in out
    assert "  - watching: degraded; the limit\n" in out
    assert out.count("120 deletes at once") == 1
    assert "docs: 120 deletes at once" in out
    assert "  unreadable: 1\n    secret: permission denied\n" in out
    assert out.count("secret") == 1
    assert "… and 10 more" in out
    assert "\x1b" not in out


def test_status_in_json_is_what_the_agent_said(command: Command, agent: Script) -> None:
    agent.status["skipped"] = [{"path": "ü", "reason": "r"}]
    code, out, _ = command("status", "--json")
    assert code == 0
    assert json.loads(out) == json.loads(json.dumps(agent.status))


def test_wait_ends_with_0_in_sync_and_3_when_not(command: Command, agent: Script) -> None:
    assert command("wait", "--timeout", "5") == (0, "in sync\n", "")
    assert ("wait", {"timeout": 5.0}) in agent.asked, "the agent keeps the time"
    assert command("wait", "--timeout", "inf") == (0, "in sync\n", "")
    agent.in_sync = False
    agent.status |= {"in_sync": False, "state": "offline", "pending": 2}
    code, out, err = command("wait", "--timeout", "0.1")
    assert (code, out) == (3, "")
    assert err == "syncagent: not in sync after 0.1 s: offline: 2 changes pending\n"
    code, out, _ = command("wait", "--timeout", "0.1", "--json")
    assert (code, json.loads(out)["in_sync"]) == (3, False)


@pytest.mark.parametrize(("stuck", "wanted"), [("folder", 7), ("hub", 5)])
def test_wait_has_a_code_for_what_only_a_person_can_mend(
    command: Command, agent: Script, stuck: str, wanted: int
) -> None:
    agent.in_sync = False
    agent.status |= {"in_sync": False, "state": "halted", "stuck": stuck, "reason": "it is so"}
    assert command("wait") == (wanted, "", "syncagent: not in sync until this is mended: halted: it is so\n")


def test_a_name_with_a_line_break_is_one_line(command: Command, agent: Script) -> None:
    agent.status["skipped"] = [{"path": "a\n  in sync", "reason": "it has a\nline break"}]
    agent.entries = [{"time": "T", "level": "info", "text": "a\nT error b"}]
    assert "    a\\n  in sync: it has a\\nline break\n" in command("status")[1]
    assert command("log")[1] == "T info    a\\nT error b\n"


def test_heal(command: Command, agent: Script) -> None:
    code, said, complaints = command("heal")
    assert (code, complaints) == (0, "")
    assert "fetched" in said
    assert [asked for asked, _ in agent.asked] == ["heal"]


def test_pause_and_resume(command: Command, agent: Script) -> None:
    assert command("pause") == (0, "paused\n", "")
    assert command("resume") == (0, "resumed\n", "")
    assert [asked for asked, _ in agent.asked] == ["pause", "resume"]


def test_stop_comes_back_when_the_agent_has_stopped(command: Command, agent: Script, spot: Places) -> None:
    assert is_held(spot.lock)
    assert command("stop") == (0, "stopped\n", "")
    assert not is_held(spot.lock)
    assert command("stop")[0] == 4


def test_the_log(command: Command, agent: Script) -> None:
    code, out, _ = command("log", "-n", "2")
    assert (code, out.splitlines()) == (
        0,
        ["2026-11-22T23:18:00Z info    entry 1", "2026-11-22T23:18:00Z info    entry 2"],
    )
    code, out, _ = command("log", "--follow", "--json")
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["entry 0", "entry 1", "entry 2"]


@pytest.mark.parametrize("asked", ["status", "wait", "pause", "resume", "heal", "stop", "log"])
def test_without_an_agent_the_code_is_4_and_one_line_says_so(command: Command, asked: str) -> None:
    assert command(asked) == (4, "", "syncagent: no agent is running here; start it with `syncagent up`\n")


def test_what_the_agent_refuses_comes_through(command: Command, agent: Script) -> None:
    agent.refuses = True
    assert command("status") == (5, "", "syncagent: the hub does not know this key\n")


def test_limit_says_and_changes_the_limits(command: Command, agent: Script) -> None:
    agent.answers["limit"] = {"limits": {"up": 500_000, "down": None}}
    assert command("limit", "--up", "500K") == (0, "no more than 500.0 kB/s up\n", "")
    assert agent.asked[-1] == ("limit", {"up": "500K", "down": None})
    agent.answers["limit"] = {"limits": {"up": None, "down": None}}
    assert command("limit") == (0, "no limits\n", "")
    code, out, _ = command("limit", "--json")
    assert (code, json.loads(out)) == (0, agent.answers["limit"])


def test_status_shows_the_limits(command: Command, agent: Script) -> None:
    agent.status["limits"] = {"up": 500_000, "down": 2_000_000}
    assert "\n  no more than 500.0 kB/s up and 2.0 MB/s down\n" in command("status")[1]


def test_a_pause_may_be_for_a_time(command: Command, agent: Script) -> None:
    agent.answers["pause"] = {"until": time.time() + 60}
    code, out, err = command("pause", "--for", "1h30m")
    assert (code, err) == (0, "")
    assert out.startswith("paused until ")
    assert agent.asked[-1] == ("pause", {"seconds": 5400.0})
    assert command("pause", "--until", "tomorrow", "--json")[0] == 0
    assert agent.asked[-1][1]["until"] > time.time()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--for", "soon"), "--for: must be a time such as 30m"),
        (("--until", "2001-01-01"), "--until: must be in the future"),
        (("--for", "1h", "--until", "tomorrow"), "cannot both be given"),
    ],
)
def test_a_time_that_is_none_is_said_in_a_line(
    command: Command, agent: Script, options: tuple[str, ...], complaint: str
) -> None:
    code, out, err = command("pause", *options)
    assert (code, out) == (2, "")
    assert complaint in err
    assert agent.asked == []


def test_sync_asks_for_a_look(command: Command, agent: Script) -> None:
    agent.answers["sync"] = {}
    assert command("sync")[0] == 0
    assert agent.asked == [("sync", {})]
