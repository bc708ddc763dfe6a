"""What may be a name on Windows.  Pure.

The kernel would take some that Win32 takes for something else: a device, the stream of a file, the same name without
the dot at its end.  No program of a person could open what is called so, or it would open another; so we make none, and
what is there by such a name is not looked into.
"""

from __future__ import annotations

import re
from typing import Final

_DEVICES: Final = r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])"
_REFUSED: Final = re.compile(
    rf"{_DEVICES} *(?:\..*)?"  # what stands before the first dot counts
    r'|.*[\x00-\x1f<>:"/\\|?*].*'
    r"|.*[. ]",
    re.IGNORECASE | re.DOTALL,
).fullmatch

MOST: Final = 255
"""UTF-16 code units in a name."""


def refuses(name: str) -> bool:
    """Whether Windows has no such name."""
    return _REFUSED(name) is not None


def is_too_long(name: str) -> bool:
    return len(name) > MOST or len(name.encode("utf-16-le", "surrogatepass")) > 2 * MOST
