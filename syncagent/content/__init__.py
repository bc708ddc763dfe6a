"""Bytes to blocks: digests, content-defined cuts, recipes.  Pure; used by both halves."""
