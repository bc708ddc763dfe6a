"""syncagent keeps a folder the same on all of a person's machines, through a hub that they run themselves."""

__version__ = "0.1.0"
