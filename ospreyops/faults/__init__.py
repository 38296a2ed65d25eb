"""What goes wrong: a file per known fault, with its evidence and its cure."""
