"""What a person leaves out: patterns in files, as git has them.  Pure: texts in, verdicts out."""
