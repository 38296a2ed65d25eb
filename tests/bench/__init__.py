"""What the tool's ways cost, beside the runbook's, in one run: ratios count, not seconds."""
