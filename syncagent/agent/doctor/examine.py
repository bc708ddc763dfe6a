"""All checks, in the order in which they are told.

Called by the command line, and by what makes a bundle.  Nothing is changed: a few files are made in our own folder, to
find out what the disk can do, and removed; no check takes longer than a few seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from syncagent.agent.config.settings import Settings
from syncagent.agent.doctor import folder as of_folder
from syncagent.agent.doctor import limits, program
from syncagent.agent.doctor.findings import Check, ok, problem
from syncagent.agent.doctor.link import hub_and_clock
from syncagent.agent.doctor.names import foreign_names
from syncagent.agent.keys import load_key
from syncagent.agent.places import Places
from syncagent.errors import SyncAgentError


def examine(places: Places, settings: Settings | None, trouble: str = "", key: str = "") -> Iterator[Check]:
    """``settings`` is None where there are none that hold; ``trouble`` says why.  ``key`` is one that the environment
    gave."""
    yield program.python_version()
    yield program.library_versions()
    yield program.own_files(places)
    yield from program.running_agent(places)
    yield limits.open_files()
    if (instances := limits.instance_limits()) is not None:
        yield instances
    if settings is None:
        yield problem("settings", trouble, "mend what is named here, or begin with `syncagent up`")
        return
    yield ok("settings", str(places.config))
    yield program.key_kept(places, key)
    yield program.starts_at_login(places, settings.sync_root)
    root = settings.sync_root
    yield of_folder.folder(root)
    if root.is_dir():
        yield of_folder.file_system(root)
        yield of_folder.abilities(root)
        yield limits.watch_limits(root)
        yield foreign_names(root)
        yield of_folder.room(root, places.data_dir, settings.min_free)
    yield from hub_and_clock(settings, places, key or _kept(places))


def _kept(places: Places) -> str:
    try:
        return load_key(places)
    except SyncAgentError:
        return ""  # told by the check of the key
