"""How messages get to the hub and back.  What is in them, and when they are sent, is decided elsewhere."""
