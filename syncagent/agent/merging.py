"""Two versions of a text become one: by themselves, where no line was changed in both; else by the person's own tool,
or in an editor, with markers where they differ.

What both came from is had from the hub where that is possible (``ancestry``).  Where it is not, what is the same in
both stays, and each place where they differ is the person's to decide.  The tool works on copies in a folder of its
own; what comes of it takes the place of both versions only if neither has changed since they were read.  Blocks.
"""

from __future__ import annotations

import difflib
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Final

from syncagent.agent.comparing import Version, version
from syncagent.agent.spawning import words_of
from syncagent.content.threeway import BEGIN, END, MIDDLE, United, ended, lines_of, unite
from syncagent.errors import NotAsked, SyncAgentError
from syncagent.localfs.here import disk_at
from syncagent.localfs.ports import Disk
from syncagent.localfs.settling import replace
from syncagent.model.names import RelPath, split
from syncagent.model.values import fixed

_KNOWN: Final = {
    "kdiff3": ("kdiff3 $MINE $THEIRS -o $RESULT", "kdiff3 $BASE $MINE $THEIRS -o $RESULT"),
    "meld": ("meld $MINE $RESULT $THEIRS", "meld --output $RESULT $MINE $BASE $THEIRS"),
    "nvimdiff": ("nvim -d $MINE $RESULT $THEIRS", "nvim -d -c '4wincmd w | wincmd J' $MINE $BASE $THEIRS $RESULT"),
    "opendiff": ("opendiff $MINE $THEIRS -merge $RESULT", "opendiff $MINE $THEIRS -ancestor $BASE -merge $RESULT"),
    "vimdiff": ("vim -f -d $MINE $RESULT $THEIRS", "vim -f -d -c '4wincmd w | wincmd J' $MINE $BASE $THEIRS $RESULT"),
    "code": ("code --wait $RESULT", "code --wait --merge $MINE $THEIRS $BASE $RESULT"),
}
"""Tools that are called by their name alone: without what both came from, and with it."""
_SAME: Final = {"vscode": "code", "vim": "vimdiff", "nvim": "nvimdiff"}

_GIT_SECONDS: Final = 10.0


class Done(Enum):
    """What came of it."""

    ITSELF = "itself"
    """Nothing was left to decide: the changes of both are in it."""
    TOOL = "tool"
    MARKERS = "markers"
    """As the person wanted it: with markers in it."""
    NOTHING = "nothing"


@fixed
class Wish:
    """How a person wants it merged.  ``opens``: in their tool also where nothing is left to decide; ``closed``: nothing
    is opened at all; ``as_it_is``: the result is taken also with markers in it."""

    opens: bool = False
    closed: bool = False
    as_it_is: bool = False


@fixed
class Pair:
    """The two versions, as they were read: ``there`` stands at the name, ``aside`` is the copy.  ``base`` is what both
    came from; ``ours``: the copy is this machine's version."""

    there: Version
    aside: Version
    base: str | None
    ours: bool

    @property
    def mine(self) -> Version:
        return self.aside if self.ours else self.there

    @property
    def theirs(self) -> Version:
        return self.there if self.ours else self.aside

    def texts(self) -> tuple[str, str]:
        """Mine, theirs.  Raises NotAsked for what is no text."""
        mine, theirs = self.mine.text, self.theirs.text
        if mine is None or theirs is None:
            raise NotAsked(
                f"{self.there.path} is no text that could be merged; choose one with `syncagent conflicts keep`"
            )
        return mine, theirs

    def united(self) -> United:
        """One text, with markers where only a person can decide.  Raises NotAsked for what is no text."""
        mine, theirs = self.texts()
        if self.base is None:
            text = united(self.there, self.aside)
            return United(text, sum(line.startswith(f"{BEGIN} ") for line in lines_of(text)))
        names = ("what both came from", f"mine: {self.mine.path}", f"theirs: {self.theirs.path}")
        return unite(self.base, mine, theirs, names)

    def take(self, disk: Disk, merged: bytes) -> None:
        """Put ``merged`` in the place of both.  Raises as ``replace`` does, TryAgain when one of them has changed."""
        replace(disk, self.there.path, self.aside.path, merged, (self.there.seen, self.aside.seen))


def pair(root: Path, original: RelPath, copy: RelPath, base: str | None = None, *, ours: bool = False) -> Pair:
    """Read both.  Raises NotAsked, StorageTrouble."""
    return Pair(version(root, original), version(root, copy), base, ours)


def united(there: Version, aside: Version) -> str:
    """What is the same in both, and where they differ both, between markers."""
    one, other = there.text, aside.text
    assert one is not None and other is not None
    first, second = lines_of(one), lines_of(other)
    lines: list[str] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if tag == "equal":
            lines.extend(first[a:b])
            continue
        lines.append(f"{BEGIN} {there.path}\n")
        lines.extend(ended(first[a:b]))
        lines.append(f"{MIDDLE}\n")
        lines.extend(ended(second[c:d]))
        lines.append(f"{END} {aside.path}\n")
    return "".join(lines)


def tool_in(setting: str, environment: Mapping[str, str], root: Path) -> str:
    """The person's own tool, as a command line: by the setting, $MERGETOOL, or git's merge.tool; empty for none."""
    if said := setting or environment.get("MERGETOOL", ""):
        return said
    name = _git("merge.tool", root)
    return (_git(f"mergetool.{name}.cmd", root) or name) if name else ""


def merge(root: Path, found: Pair, tool: str, editor: Sequence[str], wish: Wish) -> Done:
    """Merge, and let the person decide where that has to be.  Raises NotAsked, TryAgain, SyncAgentError; what was
    merged is kept then, and the text says where."""
    result = found.united()
    itself = result.clean and not wish.opens
    if wish.closed and not (itself or wish.as_it_is):
        return Done.NOTHING
    name = split(found.there.path)[1]
    folder = Path(tempfile.mkdtemp(prefix="syncagent-merge-"))
    places = {word: folder / f"{word}-{name}" for word in ("LOCAL", "REMOTE", "BASE", "MINE", "THEIRS")}
    merged = folder / name
    for word, data in (
        ("LOCAL", found.there.data), ("REMOTE", found.aside.data), ("MINE", found.mine.data),
        ("THEIRS", found.theirs.data), ("BASE", (found.base or "").encode()),
    ):  # fmt: skip
        places[word].write_bytes(data or b"")
    # Not as text: a line's end stays what it is on every system.
    merged.write_bytes(result.text.encode())
    written = merged.stat().st_mtime_ns
    try:
        if not itself and not wish.closed:
            three = found.base is not None
            words = called(tool, {**places, "MERGED": merged, "RESULT": merged}, three=three)
            _run(words if tool else [*editor, str(merged)])
        data = merged.read_bytes()
        marked = any(line.startswith((b"<<<<<<< ", b"||||||| ", b">>>>>>> ")) for line in data.splitlines())
        # Closed without a word: the person has not decided anything.  A tool may save what is as it was, to say yes.
        untouched = data == result.text.encode() and (marked or merged.stat().st_mtime_ns == written)
        if untouched and not itself and not wish.as_it_is:
            shutil.rmtree(folder, ignore_errors=True)
            return Done.NOTHING
        if marked and not (itself or wish.as_it_is):
            raise NotAsked("there are markers left")
        found.take(disk_at(str(root)), data)
    except (OSError, SyncAgentError) as error:
        kind = type(error) if isinstance(error, SyncAgentError) else SyncAgentError
        raise kind(f"{error}: nothing was changed; what was merged is in {merged}") from None
    shutil.rmtree(folder, ignore_errors=True)
    return Done.ITSELF if itself else Done.MARKERS if marked else Done.TOOL


def called(tool: str, places: Mapping[str, Path], *, three: bool = False) -> list[str]:
    """The words of the command; ``three``: what both came from is known.  A tool of which nothing more is known than
    its name gets the three files: mine, the result, theirs.  Raises SyncAgentError."""
    name = tool.strip()
    known = _KNOWN.get(_SAME.get(name, name))
    try:
        words = words_of(tool if known is None else known[three])
    except ValueError as reason:
        raise SyncAgentError(f"the merge tool {tool!r} is no command: {reason}") from None
    if not any(f"${word}" in one or f"${{{word}}}" in one for one in words for word in places):
        words += ["$MINE", "$RESULT", "$THEIRS"]
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
