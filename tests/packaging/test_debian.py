"""What the .deb says of itself, and that its scripts and files are in order."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from bundling.debian import (
    COMPLETIONS,
    COPIED,
    METAINFO,
    SCRIPTS,
    Texts,
    changelog,
    control,
    debian_version,
    oldest_libc,
    settle_modes,
    sums,
    tree,
)

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("version", "debian"),
    [("0.1.0", "0.1.0-1"), ("0.1.0.dev3", "0.1.0~dev3-1"), ("1.0rc1", "1.0~rc1-1"), ("1.2.3", "1.2.3-1")],
)
def test_a_version_sorts_as_it_does_in_python(version: str, debian: str) -> None:
    assert debian_version(version) == debian


def test_the_control_file_has_its_fields() -> None:
    text = control("0.1.0-1", "amd64", "2.36", 70_000)
    fields = dict(line.split(": ", 1) for line in text.splitlines() if not line.startswith(" "))
    assert {"Package", "Version", "Architecture", "Maintainer", "Description", "Depends"} <= set(fields)
    assert fields["Depends"] == "libc6 (>= 2.36)"
    assert all(len(line) <= 80 for line in text.partition("Description:")[2].splitlines())


def test_the_c_library_is_the_newest_that_any_library_asks_for() -> None:
    assert oldest_libc([b"\x7fELF..GLIBC_2.17\0GLIBC_2.9", b"GLIBC_2.34\0", b"GLIBC_PRIVATE"]) == "2.34"
    assert oldest_libc([]) == "2.17"


@pytest.mark.skipif(shutil.which("dpkg-parsechangelog") is None, reason="dpkg-dev is not here")
def test_dpkg_reads_what_the_distribution_would_say() -> None:
    run = subprocess.run(
        ["dpkg-parsechangelog", "-l", "-", "--all"], input=changelog("0.1.0-1", 1_795_000_000), capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert run.stderr == ""
    assert "\nVersion: 0.1.0-1\n" in run.stdout
    assert "2026" in run.stdout


@pytest.fixture
def root(tmp_path: Path) -> Path:
    bundle, icons, root = tmp_path / "bundle", tmp_path / "icons", tmp_path / "root"
    (bundle / "_internal").mkdir(parents=True)
    (bundle / "syncagent").write_text("program")
    (bundle / "_internal" / "lib.so").write_text("library")
    (icons / "hicolor/16x16/apps").mkdir(parents=True)
    (icons / "hicolor/16x16/apps/syncagent.png").write_text("png")
    for path in (bundle / "_internal", bundle / "syncagent"):
        path.chmod(0o700)
    texts = Texts({"syncagent": "manual", "syncagent-hub": "more"}, dict.fromkeys(COMPLETIONS, "script"), "unit", "new")
    tree(PROJECT, bundle, icons, texts, root)
    for name in ("syncagent", "syncagent-hub"):
        assert (root / f"usr/share/man/man1/{name}.1.gz").is_file()
    for path in COMPLETIONS.values():
        assert (root / path).read_text() == "script"
    return root


def test_everything_is_in_its_place_with_the_modes_of_a_system(root: Path) -> None:
    assert (root / "usr/bin/syncagent").readlink() == Path("../lib/syncagent/syncagent")
    assert (root / "usr/bin/syncagent").read_text() == "program"
    for target in (*COPIED.values(), "usr/lib/systemd/user/syncagent.service", "usr/share/man/man1/syncagent.1.gz"):
        assert (root / target).is_file(), target
    modes = {path: path.stat().st_mode & 0o7777 for path in root.rglob("*") if not path.is_symlink()}
    programs = [path for path, mode in modes.items() if path.is_file() and mode != 0o644]
    assert programs == [root / "usr/lib/syncagent/syncagent"]
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o755}
    settle_modes(root)


def test_the_sums_are_of_what_is_installed(root: Path) -> None:
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text("")
    (root / "DEBIAN/md5sums").write_text(sums(root))
    names = [line.split("  ")[1] for line in sums(root).splitlines()]
    assert "usr/lib/syncagent/_internal/lib.so" in names
    assert not any(name.startswith("DEBIAN") for name in names)
    if shutil.which("md5sum"):
        subprocess.run(["md5sum", "--quiet", "-c", "DEBIAN/md5sums"], cwd=root, check=True)


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize(
    "words", [("configure", ""), ("configure", "0.0.9-1"), ("remove",), ("upgrade", "1"), ("purge",)]
)
def test_a_script_succeeds_where_no_systemd_runs(name: str, words: tuple[str, ...], tmp_path: Path) -> None:
    # Where systemd runs it would be told something by this test.
    text = (PROJECT / "packaging/linux" / name).read_text().replace("/run/", f"{tmp_path}/run/")
    assert subprocess.run(["sh", "-eu", "-c", text, name, *words, ""]).returncode == 0


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="desktop-file-utils are not here")
def test_the_desktops_own_tool_finds_nothing_to_say_against_the_entry() -> None:
    path = PROJECT / "packaging/linux/syncagent.desktop"
    run = subprocess.run(["desktop-file-validate", str(path)], capture_output=True, text=True)
    assert (run.returncode, run.stdout + run.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("appstreamcli") is None, reason="NOT TRIED: appstreamcli is not here (apt: appstream)")
def test_software_centres_take_our_description() -> None:
    path = PROJECT / "packaging/linux" / METAINFO
    run = subprocess.run(["appstreamcli", "validate", "--no-net", str(path)], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
