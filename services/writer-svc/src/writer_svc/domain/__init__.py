"""What writing means, without any I/O: plans, rows, verdicts."""
