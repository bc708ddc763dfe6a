"""How long work takes, from the first byte in one folder to the last byte in the other: ``python -m benchmarks``."""
