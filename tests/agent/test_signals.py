"""What the system says to a program that is to end."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from syncagent.agent.signals import on_signal


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_reaches_the_loop_while_the_block_runs_and_not_after_it(number: signal.Signals) -> None:
    told = asyncio.Event()
    with on_signal(told.set):
        os.kill(os.getpid(), number)
        await asyncio.wait_for(told.wait(), 30)
    assert signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)
