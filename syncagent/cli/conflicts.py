"""`conflicts`: the files that were changed on two machines at once: list them, compare them, settle them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from syncagent.agent.comparing import difference, version
from syncagent.agent.config.reading import read_settings
from syncagent.agent.places import places
from syncagent.cli.asked import agent_of
from syncagent.cli.editor import editor_in
from syncagent.cli.exits import Exit
from syncagent.cli.inbox import clock, meant
from syncagent.cli.options import AsJson, DataDir, Profile
from syncagent.cli.output import say, show_json
from syncagent.cli.words import one_line
from syncagent.engine.lines import bytes_in_words
from syncagent.errors import BadConfig, NotAsked
from syncagent.model.names import RelPath

Copy: TypeAlias = Annotated[
    str, typer.Argument(metavar="PATH", help="The conflict copy, or the file that it is of.", show_default=False)
]

_WORDS = ("mine", "theirs", "both", "copy", "original")


def register(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None)
    group.callback(invoke_without_command=True)(conflicts)
    for command in (diff, keep, merge):
        group.command()(command)
    app.add_typer(group, name="conflicts")


def conflicts(
    context: typer.Context, data_dir: DataDir = None, profile: Profile = None, as_json: AsJson = False
) -> int:
    """List the files that were changed on two machines at once; compare them, and settle which version stays."""
    if context.invoked_subcommand is not None:
        sources = [context.get_parameter_source(name) for name in ("data_dir", "profile", "as_json")]
        if any(source is not None and source.name == "COMMANDLINE" for source in sources):
            raise BadConfig(f"options come after `{context.invoked_subcommand}`")
        return Exit.OK
    found = agent_of(data_dir, profile).call("conflicts")["conflicts"]
    if as_json:
        show_json({"conflicts": found})
        return Exit.OK
    for one in found:
        whose = f"[{one['profile']}] " if "profile" in one else ""
        say(f"{whose}{one_line(one['path'])}{': both are the same by now' if one['same'] else ''}")
        for word in ("mine", "theirs"):
            say(f"  {word:<6} {_of(one, word)}")
    if found:
        say("settle each with `syncagent conflicts keep PATH mine|theirs|both`; `conflicts diff PATH` compares the two")
    else:
        say("no conflicts")
    return Exit.OK


def diff(path: Copy, data_dir: DataDir = None, profile: Profile = None, as_json: AsJson = False) -> int:
    """Show where the copy differs from what stands at the name; exits with 0 when it does not, with 1 when it does."""
    root, one = _named(data_dir, profile, path)
    there, aside = version(root, RelPath(one["path"])), version(root, RelPath(one["copy"]))
    lines = list(difference(there, aside))
    if as_json:
        show_json({"path": one["path"], "copy": one["copy"], "same": not lines, "diff": lines})
    else:
        for line in lines:
            say(line)
    return Exit.ERROR if lines else Exit.OK


def keep(
    path: Copy,
    which: Annotated[str, typer.Argument(metavar="mine|theirs|both", help="Also: copy, original.", show_default=False)],
    data_dir: DataDir = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> int:
    """Settle a conflict, here and everywhere; the version that does not stay is in .syncagent/trash."""
    if which not in _WORDS:
        raise BadConfig(f"what is kept is mine, theirs or both (or copy, original), and not {which!r}")
    client, _, inner = meant(data_dir, profile, path)
    answer = client.call("conflict.keep", path=inner, keep=which)
    if as_json:
        show_json(answer)
        return Exit.OK
    name, now_at = one_line(answer["path"]), one_line(answer["now_at"])
    match answer["kept"]:
        case "both":
            say(f"both stay: {name}, and {now_at}")
        case "copy":
            say(f"{name} is what the copy was; what it was before is in .syncagent/trash")
        case _:
            say(f"{name} stays as it is; the copy is {now_at}")
    return Exit.OK


def merge(path: Copy, data_dir: DataDir = None, profile: Profile = None, as_json: AsJson = False) -> int:
    """Merge both versions of a text, in your own tool or editor; both are in .syncagent/trash after that."""
    # It brings in what looks at the disk and hashes: only for those who merge.
    from syncagent.agent.merging import merge as merged  # noqa: PLC0415
    from syncagent.agent.merging import tool_in  # noqa: PLC0415

    root, one = _named(data_dir, profile, path)
    try:
        setting = read_settings(places(data_dir), os.environ).merge_tool
    except BadConfig:
        setting = ""  # what is wrong with other settings is said elsewhere
    tool = tool_in(setting, os.environ, root)
    done = merged(root, RelPath(one["path"]), RelPath(one["copy"]), tool, [] if tool else editor_in(os.environ))
    if as_json:
        show_json({"path": one["path"], "copy": one["copy"], "merged": done})
    else:
        say(f"{one_line(one['path'])} is merged" if done else "nothing was changed")
    return Exit.OK if done else Exit.ERROR


def _named(data_dir: Path | None, profile: str | None, path: str) -> tuple[Path, Mapping[str, Any]]:
    """The folder, and the conflict that is meant by ``path``.  Raises NotAsked when that is none, or several."""
    client, root, inner = meant(data_dir, profile, path)
    found = [one for one in client.call("conflicts")["conflicts"] if inner in (one["path"], one["copy"])]
    if not found:
        raise NotAsked(f"there is no conflict copy at {inner}, nor of what is there; `syncagent conflicts` lists them")
    if len(found) > 1:
        copies = ", ".join(one["copy"] for one in found)
        raise NotAsked(f"there are several copies of {inner}; say which: {copies}")
    return root, found[0]


def _of(one: Mapping[str, Any], word: str) -> str:
    version = one[word]
    if version is None:
        return "nothing (it was deleted, or is no file)"
    by = f", by {one_line(version['by'])}" if version["by"] else ""
    at = f", changed {clock(version['time'])}" if version["time"] is not None else ""
    return f"{bytes_in_words(version['size'])}{at}{by}: {one_line(version['path'])}"
