"""What the bundle runs: the same as ``python -m syncagent``."""

from syncagent.cli.app import main

main()
