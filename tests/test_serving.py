"""What serves HTTP brings no certificates of authorities, and takes them from nobody."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import ssl
asked = []
load = ssl.SSLContext.load_default_certs
ssl.SSLContext.load_default_certs = lambda self, *how: asked.append(how)
from syncagent.serving import web
assert not asked
ssl.create_default_context()
assert asked and web.Application()
"""


def test_the_systems_authorities_are_not_read_for_a_client_that_nobody_uses() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
