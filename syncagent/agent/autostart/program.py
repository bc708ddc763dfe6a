"""How this very program is started once more: now, and at the next login.

The two differ.  Now, exactly what runs is meant.  At the next login a newer version may be there, under the path that
stays: that of the command, not the one of the interpreter that an upgrade takes away.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_NAME: Final = "syncagent"


def ourselves() -> list[str]:
    """What runs now."""
    if is_bundle():
        return [sys.executable]
    # -P: a module that lies in the directory where the user stands is not ours.
    return [sys.executable, "-P", "-m", _NAME]


def at_login(environment: Mapping[str, str], ours: Path | None = None) -> list[str]:
    """What is to be started later; ``ours`` is the command of this installation."""
    if is_bundle() and (image := environment.get("APPIMAGE")) and _is_below(sys.executable, environment.get("APPDIR")):
        return [image]  # the program's own path is a mount that goes with this run
    ours = ours or Path(sys.executable).with_name(_NAME)
    found = shutil.which(_NAME, path=environment.get("PATH"))
    if found is not None and os.path.isabs(found) and ours.exists() and os.path.samefile(found, ours):
        return [found]
    if is_bundle() or not os.access(ours, os.X_OK):
        return ourselves()
    return [str(ours)]


def is_bundle() -> bool:
    """Whether interpreter and modules are in one bundle with us (PyInstaller)."""
    return bool(getattr(sys, "frozen", False))


def environment_for_others(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for programs of the system: a bundle has the linker look at its own libraries first, and they
    may not go with theirs."""
    own = dict(environment)
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        before = own.pop(f"{name}_ORIG", None)
        if before is not None:
            own[name] = before
        elif is_bundle():
            own.pop(name, None)
    return own


def _is_below(path: str, directory: str | None) -> bool:
    return bool(directory) and Path(path).resolve().is_relative_to(Path(str(directory)).resolve())
