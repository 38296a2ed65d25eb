"""Known faults and their repairs: on simulated hosts."""
