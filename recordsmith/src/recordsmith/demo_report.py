"""What the demo prints at its end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from recordsmith.claims import Claim
from recordsmith.demo_summary import Ended


@dataclass(frozen=True)
class Report:
    """Everything there is to tell."""

    batches: Sequence[Ended]
    answered: Sequence[str]
    before: Sequence[Claim]
    after: Sequence[Claim]
    files: Sequence[Path]
    gateway: str
    ok: bool


def show(report: Report, seconds: float) -> None:
    """Tables and a few sentences on stdout."""
    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    console.print()
    console.print(_batches(report.batches))
    for batch in report.batches:
        if batch.reason:
            console.print(Text(f"{batch.name}: {batch.state}: {batch.reason}"))
    for sentence in report.answered:
        console.print(Text(sentence))
    console.print()
    console.print(_claims(report.before, report.after))
    console.print(Text("\n".join(str(file) for file in report.files)))
    console.print(Text(f"The gateway answered on {report.gateway}; it and everything else has been stopped."))
    console.print(Text("To look around yourself: make run"))
    verdict = "All records are accounted for" if report.ok else "Not all records went well"
    console.print(Text(f"{verdict}: {seconds:.1f} s in total."))


def _batches(batches: Sequence[Ended]) -> Table:
    table = Table(title="Batches", title_justify="left", title_style="bold")
    table.add_column("batch")
    for name in ("requested", "✓ written", "✓ generated", "✗ failed", "⤵ fallback", "s", "records/s"):
        table.add_column(name, justify="right")
    for batch in batches:
        numbers = (batch.requested, batch.written, batch.generated, batch.failed, batch.fallback)
        table.add_row(
            batch.name, *(f"{number:,}" for number in numbers), f"{batch.seconds:.1f}", f"{batch.records_per_s:,.0f}"
        )
    return table


def _claims(before: Sequence[Claim], after: Sequence[Claim]) -> Table:
    table = Table(title="Two claims in the CRM", title_justify="left", title_style="bold", show_lines=True)
    for name in ("claim", "patient", "summary before", "summary after"):
        table.add_column(name, overflow="fold")
    written = {claim.id: claim.summary for claim in after}
    for claim in before:
        cells = (claim.name, claim.patient, claim.summary or "(empty)", written.get(claim.id) or "(empty)")
        # As Text: what a model wrote may look like markup.
        table.add_row(*(Text(cell) for cell in cells))
    return table
