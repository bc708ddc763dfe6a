"""How other programs are started and ended."""

from __future__ import annotations

import asyncio
import sys

import pytest

from syncagent.agent.spawning import apart, end_with_all, own_group, words_of


def test_a_command_is_words_as_in_a_shell() -> None:
    assert words_of(r"""a 'b c' "d e" f\ g""", as_written=False) == ["a", "b c", "d e", "f g"]


def test_on_windows_a_backslash_is_part_of_a_path() -> None:
    command = '"C:\\Program Files\\Meld\\Meld.exe" --auto C:\\it\\'
    assert words_of(command, as_written=True) == [r"C:\Program Files\Meld\Meld.exe", "--auto", "C:\\it\\"]
    assert words_of("it's # 1", as_written=True) == ["it's", "#", "1"]
    assert words_of(r'C:\a\ "b"', as_written=True) == ["C:\\a\\", "b"]


@pytest.mark.parametrize("as_written", [True, False])
def test_a_quote_that_is_not_closed_is_an_error(as_written: bool) -> None:
    with pytest.raises(ValueError, match="quotation"):
        words_of('a "b', as_written=as_written)


async def test_what_a_program_has_started_ends_with_it() -> None:
    inner = "import sys; print('here', flush=True); sys.stdin.read()"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", outer, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, **own_group()
    )
    assert process.stdout is not None
    assert (await process.stdout.readline()).strip() == b"here"
    await end_with_all(process)
    assert await process.stdout.read() == b"", "nobody holds the other end of the pipe"
    await end_with_all(process)


async def test_a_program_apart_does_not_go_with_who_has_started_it() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid())", stdout=asyncio.subprocess.PIPE, **apart()
    )
    assert (await process.communicate())[0].strip() == b"True"
