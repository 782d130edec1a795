"""Every generated page of docs/reference.

python docs/generate/all.py [--check]
"""

from __future__ import annotations

import sys

import cli
import conformance
import sandbox
import settings
import topics
import vocabulary
from pages import Page, run

PAGES: tuple[Page, ...] = (topics.PAGE, settings.PAGE, cli.PAGE, sandbox.PAGE, vocabulary.PAGE, conformance.PAGE)

if __name__ == "__main__":
    sys.exit(run(PAGES))
