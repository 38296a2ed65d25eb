"""What is typed: the tasks by name, what is meant by the words, what is said of a mistake, and what a TAB offers."""

import sys

# Invoke forbids it before it loads tasks.py, and each call would compile the whole package again.
sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)
