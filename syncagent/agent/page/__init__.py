"""The agent's page in a browser: served to the person whose agent it is, and to nobody else."""
