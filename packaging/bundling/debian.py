"""The .deb: the bundle under /usr/lib/syncagent, and around it what a system expects of a program.

Why not a virtual environment: it breaks when the system's Python moves on, and it would have to be built for each
release.  The bundle needs no more than a C library that is not older than that of the machine which built it.
``control`` and ``layout`` are pure; ``build`` puts the tree together and calls ``dpkg-deb``.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Final

MAINTAINER: Final = "The syncagent maintainers <maintainers@syncagent.invalid>"
_GLIBC: Final = re.compile(rb"GLIBC_2\.(\d+)")

METAINFO: Final = "invalid.syncagent.syncagent.metainfo.xml"

COPIED: Final = {
    "packaging/linux/syncagent.desktop": "usr/share/applications/syncagent.desktop",
    f"packaging/linux/{METAINFO}": f"usr/share/metainfo/{METAINFO}",
    "packaging/linux/lintian-overrides": "usr/share/lintian/overrides/syncagent",
    "README.md": "usr/share/doc/syncagent/README.md",
    "packaging/linux/copyright": "usr/share/doc/syncagent/copyright",
}
"""Files of the project, and where they go."""

SCRIPTS: Final = ("postinst", "prerm")


def control(version: str, architecture: str, libc: str, kilobytes: int) -> str:
    """The package's own description of itself."""
    return (
        "Package: syncagent\n"
        f"Version: {version}\n"
        f"Architecture: {architecture}\n"
        f"Maintainer: {MAINTAINER}\n"
        f"Installed-Size: {kilobytes}\n"
        f"Depends: libc6 (>= {libc})\n"
        "Recommends: ca-certificates\n"
        "Suggests: gnome-keyring | kwalletmanager, gnome-shell-extension-appindicator\n"
        "Section: net\n"
        "Priority: optional\n"
        "Description: keep a folder the same on all of your machines\n"
        " An agent on each machine watches a folder, tells a hub of every change at\n"
        " once, and brings in those of the other machines. The hub is one that you run\n"
        " yourself; both are in this package. Only what changed is transferred. When two\n"
        " machines change one file at the same time, both versions are kept.\n"
    )


def changelog(version: str, when: float) -> str:
    """What a distribution would say of its own work; ours is in the project's list of changes, beside it."""
    return (
        f"syncagent ({version}) unstable; urgency=medium\n\n"
        "  * Built from the project's own recipe; see changelog.gz for what is new.\n\n"
        f" -- {MAINTAINER}  {format_datetime(datetime.fromtimestamp(when, UTC))}\n"
    )


def debian_version(version: str) -> str:
    """``0.1.0.dev1`` comes before ``0.1.0``, and so must ours."""
    return re.sub(r"\.?(dev|a|b|rc)(\d*)", r"~\1\2", version) + "-1"


def oldest_libc(binaries: Iterable[bytes]) -> str:
    """The C library that is needed, by the names of the symbols that ask for it."""
    newest = max((int(found) for content in binaries for found in _GLIBC.findall(content)), default=17)
    return f"2.{newest}"


def sums(root: Path) -> str:
    """The file ``md5sums``: what is as it was installed can be told later."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    kept = [path for path in files if path.relative_to(root).parts[0] != "DEBIAN"]
    return "".join(f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(root)}\n" for path in kept)


COMPLETIONS: Final = {
    "bash": "usr/share/bash-completion/completions/syncagent",
    "zsh": "usr/share/zsh/vendor-completions/_syncagent",
    "fish": "usr/share/fish/vendor_completions.d/syncagent.fish",
}
"""Where each shell looks for the script that completes our commands."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What is made of the program itself: man pages by their names, completion by shell, the unit, the changes."""

    manual: Mapping[str, str]
    completion: Mapping[str, str]
    unit: str
    changes: str


def tree(project: Path, bundle: Path, icons: Path, texts: Texts, root: Path) -> None:
    """Put under ``root`` all that is installed."""
    shutil.copytree(bundle, root / "usr/lib/syncagent", symlinks=True)
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/syncagent").symlink_to("../lib/syncagent/syncagent")
    shutil.copytree(icons / "hicolor", root / "usr/share/icons/hicolor")
    for source, target in COPIED.items():
        _write(root / target, (project / source).read_bytes())
    _write(root / "usr/lib/systemd/user/syncagent.service", texts.unit.encode())
    for name, page in texts.manual.items():
        _write(root / f"usr/share/man/man1/{name}.1.gz", _zipped(page.encode()))
    for shell, script in texts.completion.items():
        _write(root / COMPLETIONS[shell], script.encode())
    _write(root / "usr/share/doc/syncagent/changelog.gz", _zipped((project / "CHANGELOG.md").read_bytes()))
    _write(root / "usr/share/doc/syncagent/changelog.Debian.gz", _zipped(texts.changes.encode()))
    settle_modes(root)


def settle_modes(root: Path) -> None:
    """The modes that files of the system have, whatever the umask of the one who built them was."""
    root.chmod(0o755)
    for path in root.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
        elif path.is_file() and not path.is_symlink():
            path.chmod(0o755 if path.name == "syncagent" and path.parent.name == "syncagent" else 0o644)


def build(project: Path, root: Path, version: str, target: Path) -> Path:
    """Pack what stands under ``root``; gives the package."""
    architecture = _said("dpkg", "--print-architecture")
    libraries = (path for path in (root / "usr/lib/syncagent").rglob("*") if path.is_file())
    libc = oldest_libc(content for path in libraries if (content := path.read_bytes())[:4] == b"\x7fELF")
    kilobytes = sum(path.lstat().st_size for path in root.rglob("*") if path.is_file()) // 1024
    debian = root / "DEBIAN"
    full = debian_version(version)
    _write(debian / "md5sums", sums(root).encode())
    _write(debian / "control", control(full, architecture, libc, kilobytes).encode())
    for name in SCRIPTS:
        _write(debian / name, (project / "packaging/linux" / name).read_bytes(), mode=0o755)
    package = target / f"syncagent_{full}_{architecture}.deb"
    _said("dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(root), str(package))
    return package


def _write(path: Path, content: bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    path.parent.chmod(0o755)


def _zipped(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
