"""The words that everything else is written in.  Pure values; the standard library only."""
