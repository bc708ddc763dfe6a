"""Paths that nobody may get into anybody's folder: some two hundred, by how they would do harm (HAZARDS C1, C3, C9)."""

from __future__ import annotations

from itertools import product

OWN = ".syncagent"

TRAVERSALS = sorted(
    {f"{head}{way}{tail}" for head, way, tail in product(("", "a/", "a/b/"), ("..", "../..", "../../.."), ("", "/x"))}
    | {f"{head}{way}" for head, way in product(("", "a/"), (".", "./x", "/x", "//x", "x/", "x/.", "x//y"))}
    | {"", "/", "/etc/canary", "a/../../outside/canary", "~/../../x/.."}
)
OTHER_SYSTEMS = [
    "..\\x", "a\\..\\..\\x", "\\x", "\\\\server\\share\\x", "a\\", "\\\\?\\C:\\x",
    *(f"{letter}:{rest}" for letter, rest in product("CcZ", ("", "x", "\\x", "/x"))),
]  # fmt: skip
CONTROL = [f"a{chr(code)}b" for code in (*range(0x20), *range(0x7F, 0xA0))]
NO_TEXT = ["\ud800", "a\udfff", "x/\udcffy"]
TOO_LONG = ["n" * 256, "é" * 128, "d/" * 2100 + "x"]
LOOK_ALIKES = [
    OWN, OWN.upper(), ".SyncAgent", ".syncAgent", *(OWN + end for end in (".", "..", " ", ". ", " .", "...")),
    *(OWN[:at] + hidden + OWN[at:] for at, hidden in product((0, 1, 5, 10), "\u200b\u200c\u200d\u2060\ufeff\u00ad")),
    "\uff0esyncagent", ".\uff53yncagent", ".\u017fyncagent", ".sync\u24d0gent", ".SYNCAGENT\u200c. ",
]  # fmt: skip

EVIL = [
    *TRAVERSALS, *OTHER_SYSTEMS, *CONTROL, *NO_TEXT, *TOO_LONG,
    *LOOK_ALIKES, *(f"sub/{name}/x" for name in LOOK_ALIKES),
]  # fmt: skip
