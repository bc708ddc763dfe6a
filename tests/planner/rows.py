"""The planner's table, line by line, and what may happen between two machines (HAZARDS D1-D18), as named rows.

``there`` reached the hub first, from another machine; ``here`` is what a person made of ``base`` on this one meanwhile.
``after`` is what both have in the end, ``ops`` (see ``WORDS``) what this machine did for it.
"""

from __future__ import annotations

from dataclasses import dataclass

WORDS = {
    "SubmitCreate": "create",
    "SubmitEdit": "edit",
    "SubmitMove": "move",
    "SubmitDelete": "delete",
    "MakeLocalDir": "mkdir",
    "WriteLocal": "write",
    "MoveLocal": "rename",
    "DeleteLocal": "remove",
    "SetAside": "aside",
    "Agree": "agree",
    "Adopt": "adopt",
}


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    base: str
    here: str
    there: str
    after: str
    ops: str


TABLE = [
    # --- one side alone ---
    Row("a file created here", "", "a=1", "", "a=1", "create"),
    Row("a folder created here, with a file", "", "d/ d/a=1", "", "d/ d/a=1", "create create"),
    Row("a link created here", "", "l->x", "", "l->x", "create"),
    Row("a file created there", "", "", "a=1!", "a=1!", "write"),
    Row("a folder created there, with a file", "", "", "d/ d/a=1", "d/ d/a=1", "mkdir write"),
    Row("a link created there", "", "", "l->x", "l->x", "write"),
    Row("content changed there", "a=1", "a=1", "a=2", "a=2", "write"),
    Row("made executable there", "a=1", "a=1", "a=1!", "a=1!", "write"),
    Row("link text changed there", "l->x", "l->x", "l->y", "l->y", "write"),
    Row("renamed there", "a=1", "a=1", "b=1@a", "b=1", "rename"),
    Row("moved into a new folder there", "a=1", "a=1", "d/ d/a=1@a", "d/ d/a=1", "mkdir rename"),
    Row("folder renamed there", "d/ d/a=1", "d/ d/a=1", "e/@d e/a=1@d-a", "e/ e/a=1", "rename"),
    Row("content changed here", "a=1", "a=2", "a=1", "a=2", "edit"),
    Row("made executable here", "a=1", "a=1!", "a=1", "a=1!", "edit"),
    Row("renamed here", "a=1", "b=1@a", "a=1", "b=1", "move"),
    Row("folder renamed here", "d/ d/a=1", "e/@d e/a=1@d-a", "d/ d/a=1", "e/ e/a=1", "move"),
    Row("renamed and changed here", "a=1", "b=2@a", "a=1", "b=2", "move edit"),
    Row("deleted here", "a=1", "", "a=1", "", "delete"),
    Row("deleted there", "a=1", "a=1", "", "", "remove"),
    Row("folder deleted here", "d/ d/a=1", "", "d/ d/a=1", "", "delete delete"),
    Row("folder deleted there", "d/ d/a=1", "d/ d/a=1", "", "", "remove remove"),
    Row("file became a folder here", "a=1", "a/@new a/b=2", "a=1", "a/ a/b=2", "delete create create"),
    Row("file became a folder there", "a=1", "a=1", "a/@new a/b=2", "a/ a/b=2", "remove mkdir write"),
    Row("folder became a link there", "d/ d/a=1", "d/ d/a=1", "d->x@new", "d->x", "remove remove write"),
    # --- the same on both ---
    Row("the same content twice", "a=1", "a=2", "a=2", "a=2", "agree"),
    Row("the same rename twice", "a=1", "b=1@a", "b=1@a", "b=1", "agree"),
    Row("deleted twice", "a=1", "", "", "", "agree"),
    Row("folder deleted twice", "d/ d/a=1", "", "", "", "agree agree"),
    # --- edit beats delete ---
    Row("deleted here, edited there", "a=1", "", "a=2", "a=2", "write"),
    Row("edited here, deleted there", "a=1", "a=2", "", "a=2", "create"),
    Row(
        "folder deleted here, a file in it edited there", "d/ d/a=1 d/b=2", "", "d/ d/a=3 d/b=2", "d/ d/a=3",
        "mkdir write delete",
    ),
    Row(
        "folder deleted there, a file in it edited here", "d/ d/a=1 d/b=2", "d/ d/a=3 d/b=2", "", "d/ d/a=3",
        "create create remove",
    ),
    # --- both sides changed it ---
    Row("content changed twice", "a.txt=1", "a.txt=2", "a.txt=3", "a.txt=3 a~.txt=2", "aside create write"),
    Row("link text changed twice", "l->x", "l->y", "l->z", "l->z l~->y", "aside create write"),
    Row("moved twice", "a=1", "b=1@a", "c=1@a", "c=1", "rename"),
    Row("content here, executable there", "a=1", "a=2", "a=1!", "a=2!", "write edit"),
    Row("executable here, content there", "a=1", "a=1!", "a=2", "a=2!", "write edit"),
    Row("edited here, moved there", "a=1", "a=2", "b=1@a", "b=2", "rename edit"),
    Row("moved here, edited there", "a=1", "b=1@a", "a=2", "b=2", "move write"),
    # --- two ids at one name ---
    Row("two folders at one name", "", "d/@h d/a=1", "d/@t d/b=2", "d/ d/a=1 d/b=2", "adopt create write"),
    Row("equal files at one name", "", "a=1@h", "a=1@t", "a=1", "adopt"),
    Row("equal links at one name", "", "l->x@h", "l->x@t", "l->x", "adopt"),
    Row("equal bytes, another executable bit", "", "a=1@h", "a=1!@t", "a=1!", "adopt write"),
    Row("different files at one name", "", "a=1@h", "a=2@t", "a=2 a~=1", "aside create write"),
    Row("a file here, a folder there", "", "a=1@h", "a/@t", "a/ a~=1", "aside create mkdir"),
    Row("a folder here, a file there", "", "a/@h a/b=1", "a=2@t", "a=2 a~/ a~/b=1", "aside create create write"),
    # --- circles and chains ---
    Row(
        "each folder moved into the other", "x/ y/", "y/ y/x/@x", "x/ x/y/@y", "x/ x/y/",
        "rename rename",
    ),
    Row("two names changed here", "a=1 b=2", "b=1@a a=2@b", "a=1 b=2", "a=2 b=1", "move move move"),
    Row("two names changed there", "a=1 b=2", "a=1 b=2", "b=1@a a=2@b", "a=2 b=1", "rename rename rename"),
    Row("a chain of renames there", "a=1 b=2", "a=1 b=2", "b=1@a c=2@b", "b=1 c=2", "rename rename"),
    Row("a chain of renames here", "a=1 b=2", "b=1@a c=2@b", "a=1 b=2", "b=1 c=2", "move move"),
    Row(
        "parent and child changed places there", "p/ p/c/", "p/ p/c/", "c/@p-c c/p/@p", "c/ c/p/",
        "rename rename",
    ),
    Row(
        "parent and child changed places here", "p/ p/c/", "c/@p-c c/p/@p", "p/ p/c/", "c/ c/p/",
        "move move",
    ),
]  # fmt: skip

CLASHES = [
    Row("D1 edit and edit", "a=1", "a=2", "a=3", "a=3 a~=2", "aside create write"),
    Row("D2 the same edit", "a=1", "a=2", "a=2", "a=2", "agree"),
    Row("D3 create and create", "d/", "d/ d/a=1@h", "d/ d/a=2@t", "d/ d/a=2 d/a~=1", "aside create write"),
    Row("D4 edit and delete", "a=1", "a=2", "", "a=2", "create"),
    Row("D4 delete and edit", "a=1", "", "a=2", "a=2", "write"),
    Row("D5 delete and delete", "a=1 b=2", "b=2", "b=2", "b=2", "agree"),
    Row("D6 move and edit", "d/ a=1", "d/ d/b=1@a", "d/ a=2", "d/ d/b=2", "move write"),
    Row("D6 edit and move", "d/ a=1", "d/ a=2", "d/ d/b=1@a", "d/ d/b=2", "rename edit"),
    Row("D7 one file moved to two places", "x/ y/ a=1", "x/ y/ x/a=1@a", "x/ y/ y/a=1@a", "x/ y/ y/a=1", "rename"),
    Row("D8 two files moved to one place", "a=1 b=2", "c=1@a b=2", "a=1 c=2@b", "c=2 c~=1", "aside move rename"),
    Row("D9 moved to where one is created", "a=1", "c=1@a", "a=1 c=2", "c=2 c~=1", "aside move write"),
    Row("D9 created where one is moved to", "a=1", "a=1 c=2", "c=1@a", "c=1 c~=2", "aside create rename"),
    Row("D10 move and delete", "d/ a=1", "d/ d/a=1@a", "d/", "d/ d/a=1", "create"),
    Row("D10 delete and move", "d/ a=1", "d/", "d/ d/a=1@a", "d/ d/a=1", "write"),
    Row("D10 a folder moved out of one that was deleted", "p/ p/x/ p/x/a=1 p/b=2", "p/ p/b=2 x/@p-x x/a=1@p-x-a", "",
        "x/ x/a=1", "create create remove remove"),
    Row("D10 a folder deleted out of which one was moved", "p/ p/x/ p/x/a=1 p/b=2", "", "p/ p/b=2 x/@p-x x/a=1@p-x-a",
        "x/ x/a=1", "mkdir write delete delete"),
    Row("D10 a folder renamed and deleted", "d/ d/e/ d/e/a=1", "f/@d f/e/@d-e f/e/a=1@d-e-a", "", "f/ f/e/ f/e/a=1",
        "create create create"),
    Row("D10 a folder deleted and renamed", "d/ d/e/ d/e/a=1", "", "f/@d f/e/@d-e f/e/a=1@d-e-a", "f/ f/e/ f/e/a=1",
        "mkdir mkdir write"),
    Row("D10 a folder moved, a file in it deleted", "p/ p/x/ p/x/a=1", "p/ x/@p-x x/a=1@p-x-a", "p/ p/x/", "p/ x/",
        "move remove"),
    Row("D10 a file deleted in a folder that was moved", "p/ p/x/ p/x/a=1", "p/ p/x/", "p/ x/@p-x x/a=1@p-x-a",
        "p/ x/", "rename delete"),
    Row("D10 a folder moved, the same within another one deleted", "p/ p/x/ p/x/a=1 q/", "p/ q/ q/x/@p-x q/x/a=1@p-x-a",
        "", "q/ q/x/ q/x/a=1", "create create create remove"),
    Row("D11 create in a deleted folder", "d/ d/a=1", "d/ d/a=1 d/n=2", "", "d/ d/n=2", "create create remove"),
    Row("D11 delete of a folder that got a file", "d/ d/a=1", "", "d/ d/a=1 d/n=2", "d/ d/n=2", "mkdir write delete"),
    Row("D12 move into a deleted folder", "d/ d/x=9 a=1", "d/ d/x=9 d/a=1@a", "a=1", "d/ d/a=1", "create move remove"),
    Row(
        "D12 delete of a folder that was moved into", "d/ d/x=9 a=1", "a=1", "d/ d/x=9 d/a=1@a",
        "d/ d/a=1", "mkdir rename delete",
    ),
    Row("D13 rename of a folder, edit of a child", "d/ d/a=1", "e/@d e/a=1@d-a", "d/ d/a=2", "e/ e/a=2", "move write"),
    Row(
        "D13 edit of a child, rename of its folder", "d/ d/a=1", "d/ d/a=2", "e/@d e/a=1@d-a",
        "e/ e/a=2", "rename edit",
    ),
    Row(
        "D14 rename of a folder and of a child", "d/ d/a=1", "e/@d e/a=1@d-a", "d/ d/b=1@d-a",
        "e/ e/b=1", "move rename",
    ),
    Row(
        "D14 rename of a child and of its folder", "d/ d/a=1", "d/ d/b=1@d-a", "e/@d e/a=1@d-a",
        "e/ e/b=1", "move rename",
    ),
    Row("D15 swapped on both", "a=1 b=2", "b=1@a a=2@b", "b=1@a a=2@b", "a=2 b=1", "agree agree"),
    Row("D15 swapped here, edited there", "a=1 b=2", "b=1@a a=2@b", "a=3 b=2", "a=2 b=3", "move move move write"),
    Row(
        "D18 a conflict resolved twice", "a=2 a~=3", "a=4", "a=5", "a=5 a~=4", "agree aside create write"
    ),
    Row("D18 a conflict resolved twice, the same way", "a=2 a~=3", "a=3", "a=3", "a=3", "agree agree"),
    Row("B12 a file became a folder here, edited there", "a=1", "a/@n a/b=2", "a=3", "a=3 a~/ a~/b=2",
        "aside create create write"),
    Row("B12 a file edited here, became a folder there", "a=1", "a=3", "a/@n a/b=2", "a/ a/b=2 a~=3",
        "aside create mkdir write"),
    Row("B12 a folder became a file here, got a child there", "d/ d/a=1", "d=2@n", "d/ d/a=1 d/b=3", "d/ d/b=3 d~=2",
        "aside create mkdir write delete"),
]  # fmt: skip
"""D16 (three machines) and D17 (long offline) are in ``test_plan``."""

FOUND = [
    Row("D9 a file renamed to where one of the same bytes is made, while it was edited", "a=1", "b=1@a", "a=2 b=1@t",
        "b=1 b~=2", "aside move write write"),
    Row("D14 a folder renamed to where one is made, while its child was deleted", "a/ a/c=1", "b/@a b/c=1@a-c",
        "a/ b/@n", "b/", "adopt remove delete"),
    Row("D14 a folder renamed to where one is made, while it got a child", "a/", "b/@a", "a/ a/n=1 b/@t",
        "b/ b/n=1", "adopt delete move write"),
    Row("D14 a folder moved over another, which was moved into it", "a/ b/", "a/@b", "b/ b/c/@a a/@n", "a/ a/c/",
        "adopt delete mkdir move"),
    Row("D14 a folder renamed to where one is made, while its child was renamed", "a/ a/c=1", "b/@a b/d=1@a-c",
        "a/ a/e=1@a-c b/@t", "b/ b/e=1", "adopt delete move rename"),
    Row("D14 a folder renamed to where one is made, while what was deleted in it got a file", "a/ a/c/", "b/@a",
        "a/ a/c/ a/c/n=1 b/@t", "b/ b/c/ b/c/n=1", "adopt delete mkdir move write"),
    Row("D14 a folder renamed to where one is made, and a link moved into it on both", "d/ l->x", "c/@d c/b->x@l",
        "c/@t d/ d/b->x@l", "c/ c/b->x", "adopt agree delete move"),
    Row("D12 a new file in a folder that was taken out of a deleted one", "b/ c/", "b/ b/c/@c b/c/n=1", "d/@c",
        "d/ d/n=1", "create remove rename"),
    Row("D12 a new file in a folder that was taken out of the one deleted here", "b/ b/c/", "d/@b-c", "b/ b/c/ b/c/n=1",
        "d/ d/n=1", "delete move write"),
    Row("D10 a folder moved and worked in, out of one that was deleted", "p/ p/x/ p/x/a=1 p/x/b=2 p/x/c=3",
        "p/ x/@p-x x/a=4@p-x-a x/b=2@p-x-b x/n=5", "", "x/ x/a=4 x/b=2 x/n=5",
        "create create create create remove agree"),
    Row("D10 a folder moved out of one that was deleted, to where one is made", "p/ p/x/ p/x/a=1",
        "p/ x/@p-x x/a=1@p-x-a", "x/@t x/c=2", "x/ x/a=1 x/c=2", "adopt create write remove"),
    Row("D1 edit and edit, where the one from there also moves to a name that is not free yet", "a=1 b=2", "a=3 b=2",
        "b=4@a", "b=4 b~=3", "aside create remove rename write"),
    Row("B14 a file moved beneath folders that were moved into each other", "a/ b/ x=1", "b/ b/a/@a b/a/n/ b/a/n/x=1@x",
        "a/ a/b/@b x=1", "a/ a/b/ a/n/ a/n/x=1", "create move rename rename"),
    Row("D14 a folder renamed to where one was deleted that comes back, while one came into it by a name of both",
        "a/ a/b/ c/ c/x=1 r/", "a/@r c/ c/x=1", "a/ a/b/ a/b/n=2 r/ r/b/@c r/b/x=1@c-x", "a/ a/b/ a/b/n=2 a/b/x=1",
        "adopt adopt delete delete move rename write"),
]  # fmt: skip
"""What the law (``tests/support/merged.py``) found.  When both are at work at once, either may hear of a part first."""
