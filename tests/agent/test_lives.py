"""What an agent has to show, whichever life it is in."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import SecretStr

from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.lives import Life, Lives
from syncagent.engine.events import Event, HealWanted, Paused
from syncagent.localfs.watcher import WatchState

CONFIG = AgentConfig(
    sync_root=Path("/folder"), server="ws://127.0.0.1:1", data_dir=Path("/nowhere"), client_id="a",
    api_key=SecretStr("the-key-of-these-tests"),
)  # fmt: skip


class Quiet:
    """A life that has begun and in which nothing happens."""

    def __init__(self) -> None:
        self.started = False
        self.fed: list[Event] = []
        self.nudges = 0
        self.ground: Any = SimpleNamespace(
            watch=WatchState(live=True, degraded="deep", overflows=3, gathering_since=7.0)
        )
        self.conversation: Any = SimpleNamespace(last_contact=12.5, heard_at=5.0, patience=45.0, refusal="no key")

        self.memory: Any = None
        self.sleep_watch: Any = None

    def feed(self, event: Event) -> None:
        self.fed.append(event)

    def nudge(self) -> None:
        self.nudges += 1


async def test_before_the_first_life_there_is_only_what_hinders() -> None:
    lives = Lives(CONFIG)
    lives.board.hinder("folder", "it is gone")
    around = lives.around()
    assert (around.watch, around.heard, around.hindrances) == ("", None, {"folder": "it is gone"})
    assert (lives.last_contact, lives.refusal, lives.overflows) == (None, "", 0)


@pytest.mark.hazard("N15")
async def test_what_the_watcher_and_the_connection_know_is_among_the_facts() -> None:
    lives = Lives(CONFIG)
    lives.life = cast("Life", Quiet())
    around = lives.around()
    assert around.now == pytest.approx(asyncio.get_running_loop().time(), abs=1)
    assert (around.watch, around.gathering_since, around.heard, around.patience) == ("deep", 7.0, 5.0, 45.0)
    assert (lives.last_contact, lives.refusal, lives.overflows) == (12.5, "no key", 3)


async def test_a_wish_is_kept_for_the_life_that_is_to_begin() -> None:
    lives, life = Lives(CONFIG), Quiet()
    lives.life = cast("Life", life)
    lives.feed(Paused(paused=True))
    assert (life.fed, list(lives.wishes.values())) == ([], [Paused(paused=True)])
    life.started = True
    lives.feed(Paused(paused=False))
    assert (life.fed, list(lives.wishes.values())) == ([Paused(paused=False)], [Paused(paused=False)])


@pytest.mark.hazard("E15")
async def test_what_is_damaged_in_a_later_life_is_not_healed_by_an_older_wish() -> None:
    lives, life = Lives(CONFIG), Quiet()
    lives.life, life.started = cast("Life", life), True
    lives.feed(HealWanted())
    assert (life.fed, lives.wishes) == ([HealWanted()], {})


async def test_a_nudge_lets_what_was_refused_be_tried_again() -> None:
    lives, life = Lives(CONFIG), Quiet()
    lives.nudge()
    lives.life = cast("Life", life)
    lives.nudge()
    assert (life.nudges, lives.refusal) == (1, "")


async def test_the_hours_have_the_word_on_limits_and_what_was_said_at_all_times_holds_again_afterwards() -> None:
    lives, life = Lives(CONFIG.model_copy(update={"max_up": 50_000})), Quiet()
    lives.life = cast("Life", life)
    told: list[str] = []
    life.conversation.paced = lambda: told.append("paced")
    lives.schedule(10_000, 0)
    assert (lives.paces.up.rate, lives.paces.down.rate, told) == (10_000, 0, ["paced"])
    lives.pace(70_000, 90_000)
    assert (lives.paces.up.rate, lives.paces.down.rate) == (10_000, 0)
    lives.schedule(None, None)
    assert (lives.paces.up.rate, lives.paces.down.rate) == (70_000, 90_000)


async def test_a_machine_that_goes_to_sleep_says_goodbye_and_calls_again_at_once_when_it_wakes() -> None:
    lives, life = Lives(CONFIG), Quiet()
    told: list[str] = []

    async def rest(reason: str) -> None:
        told.append(reason)

    async def settle() -> None:
        told.append("kept")

    life.conversation.rest, life.conversation.rise = rest, lambda: told.append("up")
    life.memory = SimpleNamespace(settle=settle)
    life.sleep_watch = SimpleNamespace(look=lambda: told.append("look"))
    lives.life = cast("Life", life)
    await lives.fall_asleep()
    lives.wake_up()
    assert told == []
    life.started = True
    await lives.fall_asleep()
    lives.wake_up()
    assert told == ["this machine goes to sleep", "kept", "up", "look"]
    assert life.nudges == 1


async def test_a_limit_lasts_through_all_lives() -> None:
    lives, life = Lives(CONFIG.model_copy(update={"max_up": 50_000})), Quiet()
    lives.pace(None, 20_000)
    lives.life = cast("Life", life)
    told: list[str] = []
    life.conversation.paced = lambda: told.append("paced")
    lives.pace(10_000, None)
    assert (lives.paces.up.rate, lives.paces.down.rate, told) == (10_000, 20_000, ["paced"])
