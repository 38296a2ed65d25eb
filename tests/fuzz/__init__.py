"""Odd inputs for everything that reads texts from outside."""
