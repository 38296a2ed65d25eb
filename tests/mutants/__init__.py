"""Mutation tests of the decisions: each comparison and condition is turned around, and a test must notice."""
