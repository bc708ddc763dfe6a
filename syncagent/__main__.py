"""``python -m syncagent`` is the same as ``syncagent``."""

from syncagent.cli.app import main

if __name__ == "__main__":
    main()
