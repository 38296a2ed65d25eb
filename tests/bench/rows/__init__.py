"""The rows: a file each, whose `figures` does what its first line says. The first way is a peer's or the runbook's."""
