"""One line that follows a batch: bar, done and total, rate, time to go, written, failed, fallback."""

from __future__ import annotations

import sys

import typer

from gateway.commands.client import CANCELLED, FAILED_RECORDS, INTERRUPTED, Client, Json
from gateway.commands.output import say

_WIDTH = 24
_SETTLED = ("written", "generated", "failed", "skipped", "cancelled")


def watch(client: Client, batch_id: str) -> Json:
    """Follow a batch to its end. Ctrl-C detaches: the batch goes on."""
    line = _LiveLine() if sys.stderr.isatty() else _TenthLines()
    batch: Json = {}
    try:
        for batch in client.progress(batch_id):
            line.show(batch)
    except KeyboardInterrupt:
        say(f"\nThe batch goes on; `recordsmith batch watch {batch_id}` shows it again.")
        raise typer.Exit(INTERRUPTED) from None
    line.end(batch)
    return batch


def exit_code(batch: Json) -> int:
    """0 all written or generated, 1 with failed records or refused, 4 cancelled."""
    if batch["state"] == "cancelled":
        return CANCELLED
    return FAILED_RECORDS if batch["state"] == "failed" or batch["counts"]["failed"] else 0


def line_of(batch: Json) -> str:
    """The batch in one line."""
    counts, requested = batch["counts"], batch["requested"]
    done = sum(counts[state] for state in _SETTLED)
    marks = f"✓ {counts['written'] + counts['generated']}  ✗ {counts['failed']}  ⤵ {batch['fallback']}"
    if requested is None:
        return f"{batch['state']} …  {marks}"
    full = _WIDTH if not requested else _WIDTH * done // requested
    rate = f"  {batch['records_per_s']}/s" if batch["records_per_s"] else ""
    left = batch["eta_s"]
    eta = f"  ETA {_span(left['low'])}–{_span(left['high'])}" if left else ""
    cost = f"  ${batch['cost_usd']:.2f}" if batch["cost_usd"] else ""
    state = "" if batch["state"] == "running" else f"  {batch['state']}"
    return f"{'━' * full}{'─' * (_WIDTH - full)}  {done:,}/{requested:,}{rate}{eta}  {marks}{cost}{state}"


def _span(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 90 else f"{whole // 60} min" if whole < 5_400 else f"{whole / 3_600:.1f} h"


class _LiveLine:
    def show(self, batch: Json) -> None:
        sys.stderr.write(f"\r\x1b[K{line_of(batch)}")
        sys.stderr.flush()

    def end(self, batch: Json) -> None:
        sys.stderr.write("\n")
        if batch.get("reason"):
            say(batch["reason"])


class _TenthLines:
    """Without a terminal: one line per tenth, and one per state."""

    def __init__(self) -> None:
        self._seen: tuple[str, int] | None = None

    def show(self, batch: Json) -> None:
        settled = sum(batch["counts"][state] for state in _SETTLED)
        here = (batch["state"], 10 * settled // batch["requested"] if batch["requested"] else 0)
        if here != self._seen:
            self._seen = here
            say(line_of(batch))

    def end(self, batch: Json) -> None:
        if batch.get("reason"):
            say(batch["reason"])
