"""The folder, taken: its lock, its marker, and those who read and change it.

All of it blocks, and is called in a thread.  Which folder it was is noted in the data directory, apart from the
database: an agent that has lost its memory must still know an empty mount point from its folder (HAZARDS E1).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from syncagent.agent.config.settings import AgentConfig
from syncagent.agent.doctor.trial import clear_trials
from syncagent.agent.places import Places
from syncagent.agent.room import usage_of
from syncagent.errors import BadConfig, RootMissing, StorageTrouble
from syncagent.localfs.applier import Applier
from syncagent.localfs.here import disk_at
from syncagent.localfs.ports import Disk
from syncagent.localfs.probe import probe
from syncagent.localfs.root import Marker, Root, check_alone, look_at_root, make_folder, open_root
from syncagent.localfs.scanner import Scanner
from syncagent.localfs.staging import Staging
from syncagent.localfs.trash import Keeping, Trash
from syncagent.model.values import fixed
from syncagent.private import write_private
from syncagent.reserve import Reserve, bytes_or_share
from syncagent.rules.layers import rule_files


@fixed
class Premises:
    """A folder that is ours until ``leave``."""

    root: Root
    disk: Disk
    scanner: Scanner
    applier: Applier
    staging: Staging

    def leave(self) -> None:
        """Let another agent have the folder."""
        self.root.close()


def open_premises(config: AgentConfig) -> Premises:
    """Take the folder.

    Raises RootMissing when it is not there or is another one, AlreadyRunning when another agent has it, StorageTrouble
    when the disk is at fault, BadConfig when it lies in another one or our own note of it cannot be kept.
    """
    known = _known_root(config)
    if known is None:
        check_alone(str(config.sync_root), rule_files(respect_gitignore=config.respect_gitignore))
    make_folder(str(config.sync_root), had_one=known is not None)
    clear_trials(config.sync_root)
    return take_premises(
        disk_at(str(config.sync_root)),
        config,
        known,
        note=lambda root_id: write_private(_note_of(config), root_id + "\n"),
        new_id=lambda: secrets.token_hex(13),
        room=lambda: usage_of(config.sync_root),
    )


def forget_folder(places: Places) -> None:
    """Let the folder that is there now, or none, be the right one, for a person says so.  What is remembered of another
    one does not count then: ``tally`` finds out.  Raises BadConfig."""
    try:
        _note_in(places).unlink(missing_ok=True)
    except OSError as error:
        raise BadConfig(f"{_note_in(places)} cannot be removed: {error.strerror}") from error


def take_premises(
    disk: Disk,
    config: AgentConfig,
    known: str | None,
    note: Callable[[str], None],
    new_id: Callable[[], str],
    room: Callable[[], tuple[int, int]] | None = None,
) -> Premises:
    """Take the folder on ``disk``, of which the id ``known`` was noted before; ``note`` is called with that of one that
    is new to us; ``room`` gives the disk's bytes, all and those that are free.  Raises as ``open_premises`` does."""
    root = open_root(disk, known=known, folder=config.folder, new_id=new_id)
    try:
        if known is None:
            note(root.marker.root_id)
        abilities = probe(disk)
    except OSError as error:
        root.close()
        raise StorageTrouble(f"the folder cannot be written to: {error.strerror or error}") from error
    except BaseException:
        root.close()
        raise
    reserve = Reserve(room, disk.now_ns, bytes_or_share(config.min_free))
    staging = Staging(disk, config.name, Trash(disk, keeping_of(config), room), reserve)
    return Premises(
        root,
        disk,
        Scanner(disk, abilities, root.check, rule_files(respect_gitignore=config.respect_gitignore)),
        Applier(disk, staging, abilities, root.check),
        staging,
    )


def keeping_of(config: AgentConfig) -> Keeping:
    """What the settings say of the trash."""
    most, share = bytes_or_share(config.trash_size)
    return Keeping(config.trash_days, most, share, replaced=config.trash_keeps == "all")


def look_in(config: AgentConfig, *, new_folder: bool) -> tuple[Disk, Marker | None]:
    """The folder as it is, taken by nobody and changed in nothing; an empty one where there is none yet.  With
    ``new_folder`` it may be another one than before.

    Raises what ``open_premises`` would: RootMissing, AlreadyRunning, StorageTrouble, BadConfig.
    """
    known = None if new_folder else _known_root(config)
    if known is None:
        check_alone(str(config.sync_root), rule_files(respect_gitignore=config.respect_gitignore))
    if not config.sync_root.is_dir():
        if known is not None:
            raise RootMissing("the folder is gone (moved, deleted, or its disk is not mounted)")
        from syncagent.localfs.memory import MemoryDisk  # noqa: PLC0415 - for what is not there yet, and seldom

        return MemoryDisk(), None
    disk = disk_at(str(config.sync_root))
    try:
        with disk.batch():
            return disk, look_at_root(disk, known=known, folder=config.folder)
    except OSError as error:
        raise StorageTrouble(f"the folder cannot be read: {error.strerror or error}") from error


def _note_of(config: AgentConfig) -> Path:
    return _note_in(config.places)


def _note_in(places: Places) -> Path:
    return places.state / "root_id"


def _known_root(config: AgentConfig) -> str | None:
    """The id of the folder that this agent had before; None when it never had one.  Raises StorageTrouble."""
    try:
        return _note_of(config).read_text(encoding="ascii").strip() or None
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    except OSError as error:
        raise StorageTrouble(f"{_note_of(config)} cannot be read: {error.strerror}") from error
