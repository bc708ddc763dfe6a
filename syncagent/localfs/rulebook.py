"""The rules that stand on a disk: reads rule files, and says what is left out.

A file that cannot be read is not taken for an empty one: what it leaves out would be sent then.  The error is raised,
and the folder counts as one that cannot be read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from syncagent.localfs.ports import MISSING, Disk, Opening
from syncagent.model.names import OWN_FOLDER, RelPath, join, split
from syncagent.private import NEVER_WAITING, UNFOLLOWED
from syncagent.rules.layers import BUILT_IN, RULE_FILE, Hit, Layers, RuleFile, hit, rule_file, within
from syncagent.rules.patterns import MOST_BYTES

_OWN: Final = f"{OWN_FOLDER}/"


@dataclass(slots=True)
class RuleBook:
    """``data`` gives what the rule file at a path holds, None when there is none there; ``names`` are those of rule
    files, those that have the last word last.  For use by one thread; what was read counts until ``begin``."""

    data: Callable[[RelPath], bytes | None]
    names: tuple[str, ...] = (RULE_FILE,)
    _layers: dict[RelPath, Layers | Hit] = field(default_factory=dict)

    def begin(self) -> None:
        """From now on what stands on the disk by now counts."""
        self._layers.clear()

    def layers(self, folder: RelPath) -> Layers | Hit:
        """The layers of ``folder``; or the word by which it, or one above it, is left out.  Raises OSError."""
        known = self._layers.get(folder)
        if known is None:
            known = self._layers[folder] = self._read(folder)
        return known

    def enter(self, above: Layers, folder: RelPath, names: Collection[str]) -> Layers:
        """The layers of ``folder``, which holds ``names``, and above which there are ``above``.  Raises OSError."""
        found = within(above, folder, self.files(folder, names))
        self._layers[folder] = found
        return found

    def files(self, folder: RelPath, names: Collection[str] | None = None) -> list[tuple[str, RuleFile]]:
        """The rule files in ``folder``, of which ``names`` are known to be there.  Raises OSError."""
        found = []
        for name in self.names:
            if names is None or name in names:
                data = self.data(join(folder, name))
                if data is not None:
                    found.append((name, rule_file(data)))
        return found

    def word(self, path: RelPath, is_folder: bool) -> Hit | None:
        """The word on ``path``; that on a folder above it where that is left out.  Raises OSError."""
        folder, name = split(path)
        layers = self.layers(folder)
        return layers if isinstance(layers, Hit) else hit(layers, path, name, is_folder)

    def _read(self, folder: RelPath) -> Layers | Hit:
        if not folder:
            return within(BUILT_IN, folder, self.files(folder))
        above, name = split(folder)
        if f"{folder}/".startswith(_OWN):
            # Of what is parked the place says nothing; where it belongs, the engine knows.
            return BUILT_IN
        layers = self.layers(above)
        if isinstance(layers, Hit):
            return layers
        word = hit(layers, folder, name, True)
        if word is not None and word.ignores:
            return word
        return within(layers, folder, self.files(folder))


def on(disk: Disk) -> Callable[[RelPath], bytes | None]:
    """Reads rule files on ``disk``.  What bears their name and is no file is none.  Raises OSError."""

    def data(path: RelPath) -> bytes | None:
        try:
            if not disk.stat(path).is_file:
                return None
            with disk.open(path, Opening.READ) as file:
                return file.read(0, MOST_BYTES)
        except OSError as error:
            if error.errno in MISSING:
                return None
            raise

    return data


def under(root: str) -> Callable[[RelPath], bytes | None]:
    """The same for the watcher, which goes by paths from its root on, and must be quick.  Raises OSError."""

    def data(path: RelPath) -> bytes | None:
        try:
            handle = os.open(f"{root}/{path}", os.O_RDONLY | UNFOLLOWED | NEVER_WAITING)
        except OSError as error:
            if error.errno in MISSING:
                return None
            raise
        try:
            return os.read(handle, MOST_BYTES) if stat.S_ISREG(os.fstat(handle).st_mode) else None
        finally:
            os.close(handle)

    return data
