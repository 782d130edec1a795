"""`recordsmith doctor`: what is configured, reachable and missing, and the command that fixes it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from recordsmith.doctor_checks import CHECKS, Finding
from recordsmith.environment import read_environment
from recordsmith.exit_codes import NOT_AVAILABLE


def examine(folder: Path, output: str | None) -> int:
    """Print every finding; the exit code: 0 when a local system can run, else 3."""
    findings = asyncio.run(find(read_environment(folder)))
    if (output or ("table" if sys.stdout.isatty() else "json")) == "json":
        print(json.dumps({"ok": is_well(findings), "checks": [asdict(finding) for finding in findings]}, indent=2))
    else:
        _show(findings)
    return 0 if is_well(findings) else NOT_AVAILABLE


async def find(environment: dict[str, str]) -> list[Finding]:
    """All checks, side by side, in the order of the registry."""
    return list(await asyncio.gather(*(check(environment) for check in CHECKS.values())))


def is_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing that is needed is missing."""
    return all(finding.state != "missing" for finding in findings)


def _show(findings: Sequence[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    signs = {
        "ok": Text("✓ ok", "green"),
        "optional": Text("- not set", "dim"),
        "missing": Text("✗ missing", "bold red"),
    }
    table = Table()
    for name in ("what", "state", "found", "to fix it"):
        table.add_column(name, overflow="fold")
    for finding in findings:
        table.add_row(Text(finding.what), signs[finding.state], Text(finding.found), Text(finding.fix or ""))
    Console(highlight=False).print(table)
