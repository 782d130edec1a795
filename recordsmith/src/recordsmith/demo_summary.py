"""What came of the demo's batches: for people, for scripts (summary.json), for the exit code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ended:
    """A batch that reached its end."""

    id: str
    name: str
    state: str
    requested: int
    written: int
    generated: int
    failed: int
    skipped: int
    cancelled: int
    fallback: int
    seconds: float
    reason: str | None = None

    @classmethod
    def of(cls, batch: Mapping[str, Any], seconds: float) -> Ended:
        """From the gateway's answer and the time that passed since the batch was submitted."""
        counts = batch["counts"]
        return cls(
            id=batch["id"],
            name=batch["name"] or batch["id"],
            state=batch["state"],
            requested=batch["requested"] or 0,
            written=counts["written"],
            generated=counts["generated"],
            failed=counts["failed"],
            skipped=counts["skipped"],
            cancelled=counts["cancelled"],
            fallback=batch["fallback"],
            seconds=round(seconds, 3),
            reason=batch.get("reason"),
        )

    @property
    def records_per_s(self) -> float:
        return round(self.requested / self.seconds, 1) if self.seconds > 0 else 0.0


def all_as_asked(batches: Sequence[Ended], claims: int, rows: int) -> bool:
    """Whether every claim was written and every row generated."""
    summaries, inventory = batches
    return summaries.requested == summaries.written == claims and inventory.requested == inventory.generated == rows


def to_json(batches: Sequence[Ended], *, ok: bool) -> str:
    """The content of summary.json (interfaces.md section 2)."""
    names = ("id", "name", "requested", "written", "generated", "failed", "skipped", "cancelled", "fallback", "seconds")
    content = {
        "batches": [{name: getattr(batch, name) for name in (*names, "records_per_s")} for batch in batches],
        "ok": ok,
    }
    return json.dumps(content, indent=2) + "\n"


def who_answered(records: Sequence[Mapping[str, Any]], batch: Ended, configured: Sequence[str]) -> list[str]:
    """In plain words, who wrote the summaries. `configured` names the LLM settings that are set."""
    answered = Counter(
        f"{record['provider']} {record['model']}"
        for record in records
        if record["source"] in ("llm", "cache") and record["provider"]
    )
    lines = [f"{name} answered for {count} of {batch.requested} claims." for name, count in answered.most_common()]
    if not batch.fallback:
        return lines
    if lines:
        return [*lines, f"The deterministic recipe stood in for the LLM on {batch.fallback} claims."]
    why = "The configured LLM gave no answer" if configured else "No LLM is configured"
    return [
        f"{why}: the deterministic recipe answered for {batch.fallback} of {batch.requested} claims.",
        f"Check {', '.join(configured)} with: recordsmith doctor"
        if configured
        else "For an LLM set OPENAI_API_KEY, ANTHROPIC_API_KEY or LMSTUDIO_URL, or run: make demo LLM=local",
    ]
