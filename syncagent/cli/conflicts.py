"""`conflicts`: the files that were changed on two machines at once: list them, compare them, settle them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from syncagent.agent.comparing import difference, version
from syncagent.agent.config.reading import gather
from syncagent.agent.places import places
from syncagent.cli.asked import agent_of
from syncagent.cli.editor import editor_in
from syncagent.cli.exits import Exit
from syncagent.cli.helping import Whole
from syncagent.cli.inbox import HISTORY_SECONDS, clock, meant
from syncagent.cli.options import AsJson, DataDir, Profile
from syncagent.cli.output import say, show_json, tell
from syncagent.cli.words import one_line
from syncagent.control import ControlClient, UnknownCommand
from syncagent.engine.lines import bytes_in_words
from syncagent.errors import BadConfig, NotAsked
from syncagent.model.names import RelPath
from syncagent.model.values import replace

if TYPE_CHECKING:
    from syncagent.agent.merging import Done

Copy: TypeAlias = Annotated[
    str, typer.Argument(metavar="PATH", help="The conflict copy, or the file that it is of.", show_default=False)
]

_WORDS = ("mine", "theirs", "both", "copy", "original")


def register(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None, cls=Whole)
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
        say(
            "settle each with `syncagent conflicts keep PATH mine|theirs|both`; `conflicts diff PATH` compares the two,"
        )
        say("and `conflicts merge PATH` makes one text of both")
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
    which: Annotated[
        str,
        typer.Argument(
            metavar="mine|theirs|both",
            help="This machine's version, the other one, or both under two "
            "names; also copy or original: the version under that name.",
            show_default=False,
        ),
    ],
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
            say(f"{name} is what the copy was; what it was before is in the trash (`syncagent trash list`)")
        case _:
            say(f"{name} stays as it is; the copy is in the trash (`syncagent trash list`)")
    return Exit.OK


def merge(
    path: Copy,
    opens: Annotated[bool, typer.Option("--open", help="In your tool also where nothing is left to decide.")] = False,
    closed: Annotated[
        bool, typer.Option("--auto", help="Only where nothing is left to decide; opens nothing.")
    ] = False,
    as_it_is: Annotated[bool, typer.Option("--as-it-is", help="Take the result also with markers in it.")] = False,
    data_dir: DataDir = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> int:
    """Merge both versions of a text into one: by itself where no line was changed in both, else in your own tool or
    editor.  Both versions are in .syncagent/trash after that."""
    # It brings in what looks at the disk and hashes: only for those who merge.
    from syncagent.agent import merging  # noqa: PLC0415

    if opens and closed:
        raise BadConfig("--open and --auto exclude each other")
    root, one = _named(data_dir, profile, path)
    copy = RelPath(one["copy"])
    ours = bool(one["mine"] and one["mine"]["path"] == copy)
    found = merging.pair(root, RelPath(one["path"]), copy, ours=ours)
    found.texts()  # what is none is not asked about
    base, why = _base(meant(data_dir, profile, path)[0], copy)
    try:
        # By itself: what is wrong with other settings, or given to the agent on its command line, is no matter here.
        setting = str(gather(places(data_dir), os.environ, {}).values.get("merge_tool", ""))
    except BadConfig:
        setting = ""
    tool = merging.tool_in(setting, os.environ, root)
    found = replace(found, base=base)
    unsettled = closed or (found.united().clean and not opens)
    editor = [] if tool or unsettled else editor_in(os.environ)
    if base is None and not as_json:
        tell(f"only the two versions are compared: {one_line(why)}")
    done = merging.merge(root, found, tool, editor, merging.Wish(opens, closed, as_it_is))
    merged = done is not merging.Done.NOTHING
    if as_json:
        show_json({
            "path": one["path"], "copy": copy, "merged": merged, "by": done.value if merged else "",
            "base": base is not None, "why": why,
        })  # fmt: skip
    else:
        say(_merged(done, one_line(one["path"]), found.united().open if closed else 0))
    return Exit.OK if merged else Exit.ERROR


def _base(client: ControlClient, copy: str) -> tuple[str | None, str]:
    """What both came from, or why that is not to be had."""
    try:
        found = client.call("conflict.base", within=HISTORY_SECONDS, path=copy)
    except UnknownCommand:
        return None, "the agent that runs is of an older version"
    return found.get("base"), str(found.get("why") or "")


def _merged(done: Done, path: str, left: int) -> str:
    match done.value:
        case "itself":
            return f"{path} is merged: the changes of both are in it"
        case "markers":
            return f"{path} is merged, with markers in it"
        case "tool":
            return f"{path} is merged"
        case _ if left:
            many = "one place is" if left == 1 else f"{left} places are"
            return f"{many} yours to decide: `syncagent conflicts merge` without --auto; nothing was changed"
        case _:
            return "nothing was changed"


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
