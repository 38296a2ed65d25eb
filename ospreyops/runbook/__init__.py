"""The runbook as code: a file per namespace; goals, which are pure, above, and their tasks below."""
