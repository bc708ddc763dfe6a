"""What the agent does when something happens: a state machine without a clock, a disk or a socket of its own."""
