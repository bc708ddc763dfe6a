"""Runs one command, and turns every error into one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from syncagent.cli import straight
from syncagent.cli.exits import Exit, exit_for
from syncagent.errors import SyncAgentError


def run(arguments: Sequence[str]) -> int:
    """Run one command; gives its exit code.  A mistake of the user's is one line on stderr, and no traceback."""
    try:
        code = _carried_out(arguments)
    except SyncAgentError as error:
        _complain(str(error))
        return exit_for(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went (`… | head`): nothing is wrong, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:
        # The exceptions of the parser have one method in common, and no class that is public in all its versions.
        if not hasattr(error, "format_message"):
            raise
        _complain(f"{error.format_message()} (see `syncagent --help`)")
        return Exit.USAGE
    return int(code) if isinstance(code, int) else Exit.OK


def _carried_out(arguments: Sequence[str]) -> object:
    if (plain := straight.read(arguments, os.environ)) is not None:
        from syncagent.cli import started  # noqa: PLC0415 - of no other command

        command, options = plain
        return started.run(**options) if command == "run" else started.hub(**options)
    from syncagent.cli.program import build  # noqa: PLC0415 - with all of the parser

    return build(arguments[0] if arguments else "")(list(arguments), prog_name="syncagent", standalone_mode=False)


def _complain(text: str) -> None:
    from syncagent.cli.output import complain  # noqa: PLC0415 - what is right says nothing

    complain(text)


def main() -> None:
    sys.exit(run(sys.argv[1:]))
