"""Entry point of the `recordsmith` command."""

from __future__ import annotations

import sys

from recordsmith.exit_codes import INTERRUPTED


def main() -> None:
    """Run the command line and exit with its code (docs/reference/cli.md)."""
    try:
        # Imported here so that Ctrl-C during the imports ends as quietly as later.
        from recordsmith.root import invoke

        sys.exit(invoke(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
