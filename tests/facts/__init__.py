"""Tests of what a look's facts tell by themselves."""
