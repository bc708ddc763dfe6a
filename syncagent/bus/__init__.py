"""Others on a D-Bus: calls to them, and what they say.  Only Linux has one; it is loaded where it is needed."""
