"""Two versions of a text become one, by the person's own tool, or in an editor, with markers where they differ.

No version is known from which both came: the hub keeps no older content that could be asked for.  So what is the same
in both stays, and each place where they differ is the person's to decide.  The tool works on copies in a folder of its
own; what comes of it takes the place of both versions only if neither has changed since they were read.  Blocks.
"""

from __future__ import annotations

import difflib
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from syncagent.agent.comparing import Version, version
from syncagent.errors import NotAsked, SyncAgentError
from syncagent.localfs.real import RealDisk
from syncagent.localfs.settling import replace
from syncagent.model.names import RelPath, split

BEGIN, MIDDLE, END = "<<<<<<<", "=======", ">>>>>>>"

_KNOWN: Final = {
    "kdiff3": "kdiff3 $LOCAL $REMOTE -o $MERGED",
    "meld": "meld $LOCAL $MERGED $REMOTE",
    "nvimdiff": "nvim -d $LOCAL $MERGED $REMOTE",
    "opendiff": "opendiff $LOCAL $REMOTE -merge $MERGED",
    "vimdiff": "vim -d $LOCAL $MERGED $REMOTE",
    "code": "code --wait $MERGED",
    "vscode": "code --wait $MERGED",
}
"""Tools that are called by their name alone."""

_GIT_SECONDS: Final = 10.0


def united(there: Version, aside: Version) -> str:
    """What is the same in both, and where they differ both, between markers.  Raises NotAsked for what is no text."""
    one, other = there.text, aside.text
    if one is None or other is None:
        raise NotAsked(f"{there.path} is no text that could be merged; choose one with `syncagent conflicts keep`")
    first, second = one.splitlines(keepends=True), other.splitlines(keepends=True)
    lines: list[str] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if tag == "equal":
            lines.extend(first[a:b])
            continue
        lines.append(f"{BEGIN} {there.path}\n")
        lines.extend(_ended(first[a:b]))
        lines.append(f"{MIDDLE}\n")
        lines.extend(_ended(second[c:d]))
        lines.append(f"{END} {aside.path}\n")
    return "".join(lines)


def _ended(lines: Sequence[str]) -> list[str]:
    """Each with an end: a marker begins a line."""
    return [line if line.endswith(("\n", "\r")) else f"{line}\n" for line in lines]


def tool_in(setting: str, environment: Mapping[str, str], root: Path) -> str:
    """The person's own tool, as a command line: by the setting, $MERGETOOL, or git's merge.tool; empty for none."""
    if said := setting or environment.get("MERGETOOL", ""):
        return said
    name = _git("merge.tool", root)
    return (_git(f"mergetool.{name}.cmd", root) or name) if name else ""


def merge(root: Path, original: RelPath, copy: RelPath, tool: str, editor: Sequence[str]) -> bool:
    """Let the person merge; whether it was done.  Raises NotAsked, TryAgain, SyncAgentError; what was merged is kept
    then, and the text says where."""
    there, aside = version(root, original), version(root, copy)
    text = united(there, aside)
    folder = Path(tempfile.mkdtemp(prefix="syncagent-merge-"))
    name = split(original)[1]
    places = {word: folder / f"{word}-{name}" for word in ("LOCAL", "REMOTE", "BASE")} | {"MERGED": folder / name}
    assert there.data is not None and aside.data is not None
    places["LOCAL"].write_bytes(there.data)
    places["REMOTE"].write_bytes(aside.data)
    places["BASE"].write_bytes(b"")
    # Not as text: a line's end stays what it is on every system.
    places["MERGED"].write_bytes(text.encode())
    merged = places["MERGED"]
    try:
        _run(called(tool, places) if tool else [*editor, str(merged)])
        data = merged.read_bytes()
        if data == text.encode() and BEGIN in text:
            shutil.rmtree(folder, ignore_errors=True)
            return False
        if any(line.startswith((b"<<<<<<< ", b">>>>>>> ")) for line in data.splitlines()):
            raise NotAsked("there are markers left")
        replace(RealDisk(str(root)), original, copy, data, (there.seen, aside.seen))
    except (OSError, SyncAgentError) as error:
        kind = type(error) if isinstance(error, SyncAgentError) else SyncAgentError
        raise kind(f"{error}: nothing was changed; what was merged is in {merged}") from None
    shutil.rmtree(folder, ignore_errors=True)
    return True


def called(tool: str, places: Mapping[str, Path]) -> list[str]:
    """The words of the command.  A tool of which nothing more is known than its name gets the three files: what stands
    at the name, the result, the copy.  Raises SyncAgentError."""
    try:
        words = shlex.split(_KNOWN.get(tool.strip(), tool))
    except ValueError as reason:
        raise SyncAgentError(f"the merge tool {tool!r} is no command: {reason}") from None
    if not any(f"${word}" in one or f"${{{word}}}" in one for one in words for word in places):
        words += ["$LOCAL", "$MERGED", "$REMOTE"]
    for word, path in places.items():
        words = [one.replace(f"${{{word}}}", str(path)).replace(f"${word}", str(path)) for one in words]
    return words


def _run(words: Sequence[str]) -> None:
    try:
        done = subprocess.run(words, check=False)  # noqa: S603 - the person's own program
    except OSError as error:
        raise SyncAgentError(f"{words[0]} cannot be started: {error.strerror}") from None
    if done.returncode:
        raise SyncAgentError(f"{words[0]} ended with {done.returncode}")


def _git(key: str, root: Path) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - by its full path
            [git, "config", "--get", key], cwd=root, capture_output=True, timeout=_GIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace").strip()
