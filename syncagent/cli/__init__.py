"""The command line: one file for each group of commands.  It asks, starts and shows; it decides nothing."""

import gc

# Before anything else is brought in: hundreds of thousands of objects that stay.  As Python has it by default, a tenth
# of the CPU of a start goes into looking through them for garbage, again and again.
gc.set_threshold(50_000, 20, 50)
