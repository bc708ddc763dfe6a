"""How programs save a file: what each does to the folder, call by call.

``RECORDED`` were recorded from the programs themselves, with strace, on Linux; ``TOLD`` follow what their makers, or
those who watched them, tell of them (the source is beside each).  The file was ``OLD`` before, and is ``NEW`` after.

A step is a tuple: ``("open", path)`` (made when it is missing), ``("truncate", path)``, ``("write", path, text)``,
``("close", path)``, ``("rename", old, new)``, ``("swap", one, other)``, ``("unlink", path)``, ``("symlink", target,
path)``, ``("link", old, new)``, ``("chmod", path, mode)``, ``("touch", path)``, ``("mkdir", path)``,
``("rmdir", path)``; ``THINK`` is a person who does nothing for some seconds.
"""

from __future__ import annotations

from typing import TypeAlias

Step: TypeAlias = tuple[str, ...]

DOC = "docs/report.txt"
OLD, NEW = "as it was\n", "as it is now, after the edit\n"
THINK: Step = ("think",)


def written(path: str, text: str = NEW) -> list[Step]:
    """Opened anew, written in two pieces as large files are, and closed."""
    middle = len(text) // 2
    return [
        ("open", path), ("truncate", path), ("write", path, text[:middle]), ("write", path, text[middle:]),
        ("close", path),
    ]  # fmt: skip


def lasting(path: str) -> list[Step]:
    """A lock or a swap file, as long as the document is open."""
    return [("open", path), ("write", path, "somebody"), ("close", path)]


_VIM_OPENS: list[Step] = [
    ("open", "docs/.report.txt.swp"), ("open", "docs/.report.txt.swx"), ("close", "docs/.report.txt.swx"),
    ("unlink", "docs/.report.txt.swx"), ("close", "docs/.report.txt.swp"), ("unlink", "docs/.report.txt.swp"),
    *lasting("docs/.report.txt.swp"), THINK,
]  # fmt: skip
_VIM_TRIES: list[Step] = [("open", "docs/4913"), ("close", "docs/4913"), ("unlink", "docs/4913")]
_VIM_ENDS: list[Step] = [THINK, ("unlink", "docs/.report.txt.swp")]

RECORDED: dict[str, list[Step]] = {
    "vim 9": [
        *_VIM_OPENS, *_VIM_TRIES, ("rename", DOC, DOC + "~"), *written(DOC), ("chmod", DOC, "644"),
        ("unlink", DOC + "~"), *_VIM_ENDS,
    ],
    "vim 9, backup": [
        *_VIM_OPENS, *_VIM_TRIES, ("rename", DOC, DOC + "~"), *written(DOC), ("chmod", DOC, "644"), *_VIM_ENDS,
    ],
    "vim 9, backupcopy=yes": [
        *_VIM_OPENS, *written(DOC + "~", OLD), ("touch", DOC + "~"), *written(DOC), ("chmod", DOC, "644"),
        ("unlink", DOC + "~"), *_VIM_ENDS,
    ],
    "nano 7, locking": [
        *lasting("docs/.report.txt.swp"), THINK, ("unlink", "docs/.report.txt.swp"), *lasting("docs/.report.txt.swp"),
        *written(DOC), THINK, ("unlink", "docs/.report.txt.swp"),
    ],
    "emacs 28": [
        ("symlink", "anna@laptop.2042:17", "docs/.#report.txt"), THINK, ("rename", DOC, DOC + "~"), *written(DOC),
        ("unlink", "docs/.#report.txt"), THINK,
    ],
    "emacs 28, later saves": [
        ("symlink", "anna@laptop.2042:17", "docs/.#report.txt"), THINK, *written(DOC), ("unlink", "docs/.#report.txt"),
    ],
    "sed -i": [*written("docs/sedenWbsm"), ("chmod", "docs/sedenWbsm", "644"), ("rename", "docs/sedenWbsm", DOC)],
    "sed -i.bak": [
        *written("docs/sedNnoTqV"), ("rename", DOC, DOC + ".bak"), ("rename", "docs/sedNnoTqV", DOC),
    ],
    "perl -i": [*written("docs/XXsV9pBx"), ("rename", "docs/XXsV9pBx", DOC)],
    "ed": written(DOC),
    "rsync": [
        *written("docs/.report.txt.W7SXMX"), ("touch", "docs/.report.txt.W7SXMX"),
        ("chmod", "docs/.report.txt.W7SXMX", "644"), ("rename", "docs/.report.txt.W7SXMX", DOC),
    ],
    "rsync --inplace": [("open", DOC), ("write", DOC, NEW), ("close", DOC), ("touch", DOC), ("chmod", DOC, "644")],
    "sqlite3, rollback journal": [
        ("open", DOC), ("open", DOC + "-journal"), ("write", DOC + "-journal", "pages as they were"),
        ("truncate", DOC), ("write", DOC, NEW), ("close", DOC + "-journal"), ("unlink", DOC + "-journal"),
        ("close", DOC),
    ],
}  # fmt: skip

TOLD: dict[str, list[Step]] = {
    # GLib, g_file_replace: a temporary beside the file, the backup by a link, rename over.
    "gedit (GLib)": [*written("docs/.goutputstream-8K2XQ1"), ("rename", "docs/.goutputstream-8K2XQ1", DOC)],
    "gedit (GLib), backup": [
        *written("docs/.goutputstream-8K2XQ1"), ("link", DOC, DOC + "~"), ("rename", "docs/.goutputstream-8K2XQ1", DOC),
    ],
    # Qt, QSaveFile: "name.XXXXXX", rename over; Kate keeps a swap file from the first keystroke.
    "kate (QSaveFile)": [
        *lasting("docs/.report.txt.kate-swp"), THINK, *written("docs/report.txt.hXbQPL"),
        ("chmod", "docs/report.txt.hXbQPL", "644"), ("rename", "docs/report.txt.hXbQPL", DOC),
        ("unlink", "docs/.report.txt.kate-swp"),
    ],
    # VS Code, its file service on disk: opened with O_TRUNC when it is there; no temporary.
    "VS Code": written(DOC),
    "VS Code, atomic": [*written(DOC + ".vsctmp"), ("rename", DOC + ".vsctmp", DOC)],
    # Sublime Text, setting "atomic_save".
    "Sublime Text, atomic_save": [*written("docs/.sublAB12.tmp"), ("rename", "docs/.sublAB12.tmp", DOC)],
    # JetBrains, "safe write": the new text as ___jb_tmp___, the old one as ___jb_old___, two renames.
    "JetBrains, safe write": [
        *written(DOC + "___jb_tmp___"), ("rename", DOC, DOC + "___jb_old___"), ("rename", DOC + "___jb_tmp___", DOC),
        ("unlink", DOC + "___jb_old___"),
    ],
    # LibreOffice: a lock beside the document; the new document as a temporary, moved over.
    "LibreOffice": [
        *lasting("docs/.~lock.report.txt#"), THINK, *written("docs/lu12345abcd.tmp"),
        ("rename", "docs/lu12345abcd.tmp", DOC), ("chmod", DOC, "644"), THINK, ("unlink", "docs/.~lock.report.txt#"),
    ],
    "LibreOffice, copied over": [
        *lasting("docs/.~lock.report.txt#"), THINK, *written(DOC), ("unlink", "docs/.~lock.report.txt#"),
    ],
    # Microsoft, KB 211632 (Word): ~$ owner file, ~WRD temporary, the original becomes ~WRL, two renames.
    "Word": [
        *lasting("docs/~$report.txt"), THINK, *written("docs/~WRD0001.tmp"), ("rename", DOC, "docs/~WRL0003.tmp"),
        ("rename", "docs/~WRD0001.tmp", DOC), ("unlink", "docs/~WRL0003.tmp"), THINK, ("unlink", "docs/~$report.txt"),
    ],
    # Microsoft, KB 814068 (Excel): a temporary without an extension; the original is deleted, the temporary renamed.
    "Excel": [
        *lasting("docs/~$report.txt"), THINK, *written("docs/CEDD4100"), ("unlink", DOC),
        ("rename", "docs/CEDD4100", DOC),
        ("unlink", "docs/~$report.txt"),
    ],
    "Notepad++": written(DOC),
    "Notepad++, backup": [*written(DOC + ".bak", OLD), *written(DOC)],
    # KeePassXC, "safe" saves: QSaveFile; or: a temporary, the original deleted, the temporary renamed.
    "KeePassXC": [*written("docs/report.txt.qwErTy"), ("rename", "docs/report.txt.qwErTy", DOC)],
    "KeePassXC, temporary": [
        *written("docs/report.txt.Temp"), ("unlink", DOC), ("rename", "docs/report.txt.Temp", DOC),
    ],
    # GIMP: by GIO, with g_file_replace.
    "GIMP": [*written("docs/.goutputstream-GIMP01"), ("chmod", "docs/.goutputstream-GIMP01", "644"),
             ("rename", "docs/.goutputstream-GIMP01", DOC)],
    # Inkscape: opens and writes in place.
    "Inkscape": written(DOC),
    # Photoshop: the temporary, then the swap by rename; the old one goes.
    "Photoshop": [
        *written("docs/psA1B2.tmp"), ("rename", DOC, "docs/~psC3D4.tmp"), ("rename", "docs/psA1B2.tmp", DOC),
        ("unlink", "docs/~psC3D4.tmp"),
    ],
    # macOS, NSDocument: written in a folder of its own, then exchanged; the old text goes with that folder.
    "TextEdit (macOS)": [
        ("mkdir", "docs/report.txt.sb-8f7a6b5c-Xy1"), *written("docs/report.txt.sb-8f7a6b5c-Xy1/report.txt"),
        ("swap", "docs/report.txt.sb-8f7a6b5c-Xy1/report.txt", DOC),
        ("unlink", "docs/report.txt.sb-8f7a6b5c-Xy1/report.txt"), ("rmdir", "docs/report.txt.sb-8f7a6b5c-Xy1"),
    ],
    # git, checkout of another commit: entries are unlinked and written anew.
    "git checkout": [
        ("open", "docs/index.lock"), ("write", "docs/index.lock", "index"), ("unlink", DOC), *written(DOC),
        ("close", "docs/index.lock"), ("rename", "docs/index.lock", "docs/index"),
    ],
    # Blender, save versions: "@" is the temporary; older ones move on by one.
    "Blender": [
        *written(DOC + "@"), ("rename", DOC, DOC + "1"), ("rename", DOC + "@", DOC),
    ],
}  # fmt: skip

SEQUENCES = RECORDED | TOLD
