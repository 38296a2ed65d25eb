"""What heals a host, once or in a loop: on simulated hosts."""
