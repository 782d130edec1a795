"""docs/reference/cli.md from the commands of every installed package.

python docs/generate/cli.py [--check]
"""

from __future__ import annotations

import sys

from pages import Page, run
from recordsmith.reference import reference

PAGE = Page("cli.md", reference)

if __name__ == "__main__":
    sys.exit(run([PAGE]))
