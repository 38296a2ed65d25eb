"""The documentation: what it cites and links to is there."""
