"""The hub: keeps the journal and the content of every folder, and tells agents of each other's changes."""
