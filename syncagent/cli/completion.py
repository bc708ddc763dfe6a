"""`completion`: the script that completes our commands in a shell."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import typer

from syncagent.agent.config.document import read_document, said_name
from syncagent.agent.config.reading import Source, relevant
from syncagent.agent.places import places
from syncagent.cli.exits import Exit
from syncagent.cli.options import DataDir, Profile
from syncagent.cli.output import say
from syncagent.control import ControlClient
from syncagent.errors import BadConfig, SyncAgentError

ASK_SECONDS: Final = 2.0
MOST: Final = 500


def register(app: typer.Typer) -> None:
    app.command()(completion)


def completion(
    shell: Annotated[
        str | None, typer.Argument(metavar="bash|zsh|fish", help="The shell that it is for.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
    profile: Profile = None,
    words: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> int:
    """Print the script that completes commands, options, settings and names in your shell.

    bash: syncagent completion bash > ~/.local/share/bash-completion/completions/syncagent

    zsh: syncagent completion zsh > a file _syncagent in a folder of your $fpath

    fish: syncagent completion fish > ~/.config/fish/completions/syncagent.fish

    The .deb has installed them already.
    """
    if words is not None:
        for word in _asked(words, data_dir, profile):
            say(word)
        return Exit.OK
    from syncagent.cli.completing import SHELLS, places_of  # noqa: PLC0415 - as above
    from syncagent.cli.program import build  # noqa: PLC0415 - all commands: only for this

    if shell is None or shell not in SHELLS:
        raise BadConfig(f"for which shell? one of {', '.join(SHELLS)}")
    say(SHELLS[shell](tuple(places_of(typer.main.get_command(build())))).rstrip("\n"))
    return Exit.OK


def _asked(kind: str, data_dir: Any, profile: str | None) -> list[str]:
    """What there is to choose from here and now; nothing when it cannot be had at once."""
    spot = places(data_dir)
    if kind == "profiles":
        with contextlib.suppress(SyncAgentError):
            source = Source(spot, relevant(os.environ))
            return [*map(said_name, source.names(read_document(spot.config)))]
        return []
    if kind not in _ANSWERS:
        return []
    command, args, words_in = _ANSWERS[kind]
    with contextlib.suppress(SyncAgentError):
        answer = ControlClient(spot.control).call(command, within=ASK_SECONDS, profile=profile, **args)
        return words_in(answer)[:MOST]
    return []


def _of(rows: str, key: str) -> Callable[[Mapping[str, Any]], list[str]]:
    return lambda answer: [str(row[key]) for row in answer.get(rows) or () if "\n" not in str(row[key])]


_ANSWERS: Final[Mapping[str, tuple[str, Mapping[str, Any], Callable[[Mapping[str, Any]], list[str]]]]] = {
    "conflicts": ("conflicts", {}, _of("conflicts", "path")),
    "decided": ("held", {"decided": True}, _of("acts", "id")),
    "excluded": ("excluded", {}, _of("excluded", "path")),
    "held": ("held", {}, _of("acts", "id")),
    "trash": ("trash", {}, _of("items", "path")),
}
