"""The batches that benches submit, and how long they take."""

from __future__ import annotations

import time
from collections.abc import Sequence
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
    """Wall time from the POST to the completed batch; every record must have been generated."""
    began = time.perf_counter()
    batch_id = system.submit(spec)
    batch = system.wait(batch_id, patience_s, every_s=0.02 if spec["source"]["rows"] < 5_000 else 0.25)
    took = time.perf_counter() - began
    assert batch["counts"]["generated"] == spec["source"]["rows"], batch
    return took
