"""The command line: one file for each group of commands.  It asks, starts and shows; it decides nothing."""
