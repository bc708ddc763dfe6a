"""What there is to say beside the engine's status; ``test_commands`` has the whole."""

from __future__ import annotations

from tests.agent.test_commands import Agent


async def test_trouble_with_settings_and_hooks_has_its_line_and_hinders_nothing() -> None:
    agent = Agent()
    agent.config_trouble = "line 3: no such setting"
    agent.config_waits = ("server", "name")
    agent.board.hook_troubles["on_idle"] = "on_idle ended with 1"
    found = await agent.commands.handle("status", {})
    said = [line for line in found["lines"] if line["kind"] in ("config", "restart", "hook")]
    assert [line["hinders"] for line in said] == [False, False, False]
    assert "line 3: no such setting" in said[0]["text"]
    assert "next start: server, name" in said[1]["text"]
    assert said[2]["text"] == "on_idle ended with 1"
    assert found["config"] == {"error": "line 3: no such setting", "waiting": ["server", "name"]}
