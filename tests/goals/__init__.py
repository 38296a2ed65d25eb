"""Where a host is brought to, and in which order: on simulated hosts."""
