"""The agent's shell: it feeds the engine with what happens, and carries out what the engine wants.  It decides nothing."""
