"""What the page of a running agent may ask."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from syncagent.agent.config.schema import describe, describe_all
from syncagent.agent.page.inside import Inside
from syncagent.control import UnknownCommand
from syncagent.errors import BadConfig

Answer = dict[str, Any]


async def handle(command: str, args: Answer) -> Answer:
    return {"command": command, **args}


async def follow(command: str, args: Answer) -> AsyncGenerator[Answer, None]:
    for number in (1, 2):
        yield {"of": command, "number": number}


async def test_what_is_for_pages_goes_to_the_agent() -> None:
    assert await Inside(handle, follow).answer("undo", {"act": 3}) == {"command": "undo", "act": 3}


@pytest.mark.parametrize("command", ["stop", "trees", "record", "wait", "no-such"])
async def test_what_is_not_for_pages_is_not_known(command: str) -> None:
    with pytest.raises(UnknownCommand):
        await Inside(handle, follow).answer(command, {})


async def test_a_page_changes_settings_but_none_that_starts_a_program() -> None:
    page = Inside(handle, follow)
    assert (await page.answer("config.set", {"changes": {"name": "Laptop"}}))["command"] == "config.set"
    for key in ("on_change", "merge_tool"):
        with pytest.raises(BadConfig, match="starts a program"):
            await page.answer("config.set", {"changes": {"name": "Laptop", key: "rm -rf ~"}})


@pytest.mark.parametrize("key", [one.key for one in describe_all() if one.choices])
async def test_what_is_a_choice_between_words_starts_nothing(key: str) -> None:
    [word, *_] = describe(key).choices
    answer = await Inside(handle, follow).answer("config.set", {"changes": {key: word}})
    assert answer == {"command": "config.set", "changes": {key: word}}


async def test_the_news_are_what_faces_watch() -> None:
    assert [event async for event in Inside(handle, follow).news()] == [
        {"of": "watch", "number": 1}, {"of": "watch", "number": 2},
    ]  # fmt: skip
