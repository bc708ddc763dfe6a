"""How all pages of ours look, the agent's and the hub's: files that a browser gets."""
