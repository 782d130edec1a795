"""docs/reference/sandbox.md from the switches of the CRM sandbox.

python docs/generate/sandbox.py [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from crm_sandbox.switch import Evidence, Switch
from crm_sandbox.switches import SWITCHES
from pages import Page, run, table

INTRODUCTION = """# Switches of the CRM sandbox

Generated from the code by `python docs/generate/all.py`. Do not edit.

`GET /admin/switches` shows them, `POST /admin/switches` with an object of names and values turns them, all or none.
They are kept over a restart and forgotten by a reset. How to use the sandbox:
[Test against the sandbox](../howto/use-the-sandbox.md).

**Assumed** means that no public source shows what the vendor does: the default is a guess, and a client should stand
both sides of the switch. **Documented** means that the vendor's pages name the limit or the rule.
"""


def rendered() -> str:
    """The page."""
    return INTRODUCTION + "\n" + table(("switch", "takes", "default", "what it does", "source"), rows())


def rows() -> Iterator[tuple[str, ...]]:
    """One line a switch."""
    for one in SWITCHES.values():
        yield f"`{one.name}`", takes(one), f"`{shown(one.default)}`", one.meaning, source(one)


def takes(one: Switch) -> str:
    """The values that a switch takes."""
    return ", ".join(f"`{choice}`" for choice in one.choices) if one.choices else one.needs


def source(one: Switch) -> str:
    """How sure the default is."""
    return f"**{one.evidence.value}**" if one.evidence is Evidence.ASSUMED else one.evidence.value


def shown(value: object) -> str:
    """A value as JSON writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


PAGE = Page("sandbox.md", rendered)

if __name__ == "__main__":
    sys.exit(run([PAGE]))
