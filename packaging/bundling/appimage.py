"""The AppImage: the bundle in one file that runs without being installed.

The tool that packs it (``appimagetool``) brings the few kilobytes that mount the file and start ``AppRun``; it is in
no package registry, so where it is not at hand the directory is made, and that is said.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

APP_RUN: Final = """\
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/usr/lib/syncagent/syncagent" "$@"
"""


def directory(project: Path, bundle: Path, icons: Path, root: Path) -> Path:
    """The AppDir under ``root``."""
    shutil.copytree(bundle, root / "usr/lib/syncagent", symlinks=True)
    shutil.copytree(icons / "hicolor", root / "usr/share/icons/hicolor")
    shutil.copy(project / "packaging/linux/syncagent.desktop", root / "syncagent.desktop")
    shutil.copy(icons / "hicolor/256x256/apps/syncagent.png", root / "syncagent.png")
    (root / ".DirIcon").symlink_to("syncagent.png")
    (root / "AppRun").write_text(APP_RUN)
    (root / "AppRun").chmod(0o755)
    return root


def build(root: Path, target: Path) -> Path:
    """Pack the AppDir.  Only where ``appimagetool`` is in the path."""
    environment = {**os.environ, "ARCH": os.uname().machine}
    subprocess.run(["appimagetool", "--no-appstream", str(root), str(target)], check=True, env=environment)
    return target
