"""The agent's settings: declared, read, explained, written."""
