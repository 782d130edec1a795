"""The batches that benches submit, and how long they take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.running import Running

SCRIPTED = [{"provider": "scripted", "model": "instant"}]
FIELD_LIKE = "Describe item {{index}} in one sentence of about the length of a clinical summary"


def prompts_without_a_crm(records: int, models: Sequence[dict[str, Any]], lane: str = "bulk") -> dict[str, Any]:
    """One prompt per record, answers validated, written nowhere: the three hops and the ledger, nothing else."""
    return {
        "name": f"bench {records}",
        "source": {"kind": "recipe", "recipe": "index", "rows": records, "seed": 42},
        "prompt": {"template": FIELD_LIKE},
        "models": list(models),
        "fallback": "fail",
        "target": {"kind": "none"},
        "lane": lane,
    }


def seconds_for(system: Running, spec: dict[str, Any], patience_s: float = 1_800) -> float:
    """Wall time from the POST to the moment the gateway notes as the batch's end; every record was generated.

    Asked for four times a second: fifty answers a second would cost the gateway a quarter of a core.
    """
    began = datetime.now(UTC)
    batch_id = system.submit(spec)
    batch = system.wait(batch_id, patience_s, every_s=0.25)
    assert batch["counts"]["generated"] == spec["source"]["rows"], batch
    return (datetime.fromisoformat(batch["finished_at"]) - began).total_seconds()
