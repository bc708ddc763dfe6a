"""The wire: what a client and the hub say to each other, as values.  No I/O; ``docs/PROTOCOL.md`` is the prose."""
