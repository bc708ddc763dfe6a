"""Start at login: what each system wants written for it, and how it is told.

``systemd``, ``xdg``, ``launchd`` and ``task`` are pure: a job becomes text.  Each has its ``under_…``, which writes the
text and talks to the system; ``choice`` says which system this is.  The key is in none of the texts: the agent takes it
from where it is kept.
"""
