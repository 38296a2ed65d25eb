"""What keeps the watchdog running on a host: the tool as one file, and its installation."""
