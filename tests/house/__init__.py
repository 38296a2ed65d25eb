"""Tests of the code itself: its layers, sizes, package, and how it is extended."""
