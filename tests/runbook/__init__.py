"""The tasks of the command line: on simulated hosts."""
