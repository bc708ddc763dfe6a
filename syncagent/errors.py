"""Every error of the project, in one tree.

    SyncAgentError
    ├── TryAgain            passing trouble: the same thing is tried again, later
    │   ├── LinkLost            the connection broke
    │   ├── IdTaken             another machine uses this client's id: take another one
    │   ├── StorageFull         no room on a disk, here or at the hub
    │   └── StorageTrouble      a disk or a database answered with an error
    ├── LookAgain           the world is not as it was believed: look, then plan again
    │   ├── Stale               a path changed between plan and act
    │   └── Damaged             bytes do not have the digest they are named by
    ├── AskPerson           only a person can mend it; the text tells them how
    │   ├── BadConfig           a setting, an option or a file of ours is wrong
    │   ├── BadName             a path or a name that cannot be kept the same everywhere
    │   ├── RootMissing         the folder is gone, or it is another folder
    │   ├── AlreadyRunning      another agent has this folder or this data directory
    │   ├── NotRunning          no agent answers for this data directory
    │   ├── NotAsked            a word on a mass change that is not there, or is past it
    │   └── Refused             the hub said no: key, name, version, another hub
    └── BadMessage          the other side broke the protocol: tell it, count it, close if it goes on

Errors are raised where the outside world is met and are translated there, once.  The text of each can be shown to a
person as it is: what was wrong, where, what to do.  It never carries a key, nor a path outside the folder.
"""

from __future__ import annotations


class SyncAgentError(Exception):
    """The root of the tree.  Its text is for a person."""


class TryAgain(SyncAgentError):
    """Passing trouble: the same thing is tried again, later."""


class LinkLost(TryAgain):
    """The connection to the other side broke."""


class IdTaken(TryAgain):
    """Another machine is connected under the id of this one: one of them is a copy, and takes an id of its own."""


class StorageFull(TryAgain):
    """No room on a disk, here or at the hub; ``lacking``: so many bytes, where that is known."""

    def __init__(self, message: str = "", lacking: int = 0) -> None:
        super().__init__(message)
        self.lacking = lacking


class StorageTrouble(TryAgain):
    """A disk or a database answered with an error."""


class LookAgain(SyncAgentError):
    """The world is not as it was believed: look at it, then plan again."""


class Stale(LookAgain):
    """A path changed between plan and act."""


class Damaged(LookAgain):
    """Bytes do not have the digest they are named by."""


class AskPerson(SyncAgentError):
    """Only a person can mend it; the text tells them how."""


class BadConfig(AskPerson):
    """A setting, an option or a file of ours is wrong."""


class BadName(AskPerson):
    """A path or a name that cannot be kept the same everywhere."""


class RootMissing(AskPerson):
    """The folder is gone, or it is another folder than before."""


class AlreadyRunning(AskPerson):
    """Another agent has this folder or this data directory."""


class NotRunning(AskPerson):
    """No agent answers for this data directory."""


class NotAsked(AskPerson):
    """A person's word on a mass change that is not there, or is past that word."""


class Refused(AskPerson):
    """The hub said no.  ``code`` is the stable error code of the protocol."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BadMessage(SyncAgentError):
    """The other side broke the protocol.  ``code`` is the stable error code of the protocol."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
