"""What the command's exit code says; scripts rely on it (docs/reference/cli.md)."""

FAILED_RECORDS = 1
USAGE = 2
NOT_AVAILABLE = 3
CANCELLED = 4
BUG = 70
INTERRUPTED = 130
"""Ctrl-C: 128 + SIGINT, as shells count."""
