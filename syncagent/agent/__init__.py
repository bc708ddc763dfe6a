"""The agent's shell: it feeds the engine with what happens, and does what the engine wants.  It decides nothing."""
