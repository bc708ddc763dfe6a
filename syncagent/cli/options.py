"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer


def some_path(text: str) -> Path:
    """A path that says something: "" would be the folder in which one happens to stand, and mostly comes of a variable
    that is not set."""
    if not text:
        raise typer.BadParameter("it is empty; was a variable not set?")
    return Path(text)


DataDir: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        envvar="SYNCAGENT_DATA_DIR",
        parser=some_path,
        metavar="D",
        help="Where this agent keeps its own files (on Linux ~/.local/share/syncagent).",
        show_default=False,
    ),
]
Profile: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--profile",
        envvar="SYNCAGENT_PROFILE",
        metavar="NAME",
        help="Which folder, where this agent keeps several: a name that `profiles` lists.",
        show_default=False,
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
NewHub: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--new-hub",
        help="Once, when the hub is another one than before and should be: both sides are united, nothing is deleted.",
    ),
]
NewFolder: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--new-folder",
        help="Once, when the folder is another one than before, or a new "
        "one, and should be: both sides are united, nothing is deleted.",
    ),
]
Background: TypeAlias = Annotated[
    bool, typer.Option("--background", help="Start, say how to go on, and come back to the prompt.")
]
BrakeOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--brake",
        metavar="on|off",
        help="Whether a mass of deletes or overwrites is held until you say yes or no; otherwise as the settings "
        "say (on).",
        show_default=False,
    ),
]

RespectGitignore: TypeAlias = Annotated[
    bool | None,
    typer.Option("--respect-gitignore", help="Leave out what .gitignore files leave out, too.", show_default=False),
]
