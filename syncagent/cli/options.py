"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

DataDir: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        envvar="SYNCAGENT_DATA_DIR",
        metavar="D",
        help="Where this agent keeps its own files.",
        show_default=False,
    ),
]
Profile: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--profile",
        envvar="SYNCAGENT_PROFILE",
        metavar="NAME",
        help="Which folder, where an agent keeps several.",
        show_default=False,
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
NewHub: TypeAlias = Annotated[
    bool, typer.Option("--new-hub", help="The hub may be another one than before: both sides are united.")
]
NewFolder: TypeAlias = Annotated[
    bool,
    typer.Option("--new-folder", help="The folder may be another one than before, or new: both sides are united."),
]
Background: TypeAlias = Annotated[
    bool, typer.Option("--background", help="Start, say how to go on, and come back to the prompt.")
]
BrakeOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--brake",
        metavar="on|off",
        help="Whether a mass of deletes or overwrites is held until you say yes or no.",
        show_default=False,
    ),
]

RespectGitignore: TypeAlias = Annotated[
    bool | None,
    typer.Option("--respect-gitignore", help="Leave out what .gitignore files leave out, too.", show_default=False),
]
