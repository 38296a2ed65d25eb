"""Simulated hosts: they answer the tool's real lines, and change as real hosts would."""
