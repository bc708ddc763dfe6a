"""The doctor: what could keep the agent from working here, and what to do about it."""
