"""What keeps the watchdog running: on simulated hosts."""
