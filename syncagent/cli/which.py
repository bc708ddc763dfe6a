"""Which of an agent's profiles a command is about, where no running agent says it."""

from __future__ import annotations

import os
from pathlib import Path

from syncagent.agent.config.document import EVERY, profile_name, read_document, said_name
from syncagent.agent.config.reading import Source, relevant
from syncagent.agent.places import Places, places
from syncagent.errors import BadConfig


def the_profile(data_dir: Path | None, said: str | None) -> Places:
    """The places of the profile that is named, or of the only one.  Raises BadConfig where there are several, or none
    of that name."""
    spot = in_any(data_dir, said)
    names = _names(spot)
    there = ", ".join(map(said_name, names))
    if not said and len(names) > 1:
        raise BadConfig(f"several folders are kept here: say which with --profile ({there})")
    if spot.profile not in names:
        raise BadConfig(f"there is no profile {said_name(spot.profile)}, but {there}")
    return spot


def in_any(data_dir: Path | None, said: str | None) -> Places:
    """The same, whether there is one of that name or not; where there are several, and none is named, the places of
    the one without a name."""
    if said == EVERY:
        raise BadConfig(f'this is for one profile at a time, and not for "{EVERY}"')
    spot = places(data_dir)
    if said:
        return spot.of(profile_name(said))
    names = _names(spot)
    return spot.of(names[0]) if len(names) == 1 else spot


def to_begin(data_dir: Path | None, said: str | None, folder: Path | None) -> Places:
    """The places of the profile that is named, or that has ``folder``, or, where none has a name, of that one.

    Raises BadConfig where a further folder is to be kept, and has no name yet.
    """
    if said:
        return in_any(data_dir, said)
    spot = places(data_dir)
    document = read_document(spot.config)
    source = Source(spot, relevant(os.environ))
    names = source.names(document)
    if folder is None:
        # One that is set up wrong is no reason not to start the others.
        read = source.read_from(document)
        return spot.of(next((name for name, profile in read.items() if profile.settings is not None), names[0]))
    wanted = folder.expanduser().resolve()
    for name in names:
        root = document.table(name).get("sync_root")
        if root is not None and Path(str(root)).expanduser().resolve() == wanted:
            return spot.of(name)
    if len(names) == 1 and "sync_root" not in document.top and not document.named:
        return spot
    kept = ", ".join(f"{document.table(name).get('sync_root')} ({said_name(name)})" for name in names)
    raise BadConfig(
        f"{spot.data_dir} is for {kept}; keep {folder} there too with --profile NAME, or give another --data-dir"
    )


def first_profile(data_dir: Path | None) -> Places:
    """The places of the first profile, for what is about the agent as a whole."""
    spot = places(data_dir)
    return spot.of(_names(spot)[0])


def _names(spot: Places) -> list[str]:
    """The profiles that are set up."""
    return Source(spot.of("")).names(read_document(spot.config))
