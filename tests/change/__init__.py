"""One change of a host at a time: the lock, the history, the programs around a deploy."""
