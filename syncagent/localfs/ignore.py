"""What can never be kept the same: our own folder, and names that are no names.

Called by the scanner for every name that it meets, so the usual name must be cheap.
"""

from __future__ import annotations

from typing import Final

from syncagent.errors import BadName
from syncagent.model.names import MAX_PATH_BYTES, OWN_FOLDER, RelPath, check_name, is_plain_name, join

PARK: Final = RelPath(f"{OWN_FOLDER}/park")
_IN_PARK: Final = f"{PARK}/"
STAGE: Final = RelPath(f"{OWN_FOLDER}/stage")
TRASH: Final = RelPath(f"{OWN_FOLDER}/trash")
DAMAGED: Final = RelPath(f"{OWN_FOLDER}/damaged")


def refusal(name: str) -> str | None:
    """Why ``name`` (one part of a path, as on disk) is not kept; None when it is."""
    if is_plain_name(name):
        return None
    try:
        check_name(name)
    except BadName as refused:
        return "its name is not valid UTF-8" if shown(name) != name else str(refused)
    return None


def refusal_of_path(path: RelPath) -> str | None:
    """Why the file or folder at ``path`` (not ``""``) is not kept, by its path alone; None when it is.  The park is
    within our own folder, but what lies there is of the tree."""
    if path.startswith(_IN_PARK):
        path = RelPath(path[len(_IN_PARK) :])
    if not path.isascii() or len(path) > MAX_PATH_BYTES:
        size = len(path.encode("utf-8", "surrogateescape"))
        if size > MAX_PATH_BYTES:
            return f"its path has {size} bytes; {MAX_PATH_BYTES} is the most"
    for part in path.split("/"):
        if not is_plain_name(part) and (why := refusal(part)) is not None:
            return why
    return None


def shown(name: str) -> str:
    """``name`` as it can be shown and stored: bytes that are not UTF-8 become ``\\xff``.  No name that is kept has a
    backslash, so what is shown is never taken for another file."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return name


def parked_at(name: str) -> RelPath:
    return join(PARK, name)
