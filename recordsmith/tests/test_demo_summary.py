"""summary.json and the sentences about who answered."""

from __future__ import annotations

import json
from typing import Any

from recordsmith.demo_summary import Ended, all_as_asked, to_json, who_answered


def ended(**changes: Any) -> Ended:
    counts = {"written": 0, "generated": 0, "failed": 0, "skipped": 0, "cancelled": 0, "pending": 0}
    words = {"id": "b1", "name": "Summaries", "state": "completed", "requested": 10, "fallback": 0, "reason": None}
    batch = words | {"counts": counts | {name: value for name, value in changes.items() if name in counts}}
    return Ended.of(batch | {name: value for name, value in changes.items() if name in words}, 2.0)


def test_the_summary_has_the_fields_that_scripts_rely_on() -> None:
    summary = json.loads(to_json([ended(written=10)], ok=True))
    assert summary == {
        "batches": [
            {
                "id": "b1", "name": "Summaries", "requested": 10, "written": 10, "generated": 0, "failed": 0,
                "skipped": 0, "cancelled": 0, "fallback": 0, "seconds": 2.0, "records_per_s": 5.0,
            }
        ],
        "ok": True,
    }  # fmt: skip


def test_only_everything_written_and_everything_generated_is_ok() -> None:
    rows = ended(generated=10)
    assert all_as_asked([ended(written=10), rows], 10, 10)
    assert not all_as_asked([ended(written=9, failed=1), rows], 10, 10)
    assert not all_as_asked([ended(written=10), ended(generated=9, failed=1)], 10, 10)
    assert not all_as_asked([ended(written=10), rows], 11, 10)


def test_a_refused_batch_has_a_summary_too() -> None:
    refused = ended(state="failed", requested=None, reason="no field Nope__c")
    assert refused.requested == 0
    assert refused.records_per_s == 0.0


def test_without_an_llm_the_recipe_is_named_and_the_way_to_an_llm() -> None:
    lines = who_answered([record("fallback")], ended(written=10, fallback=10), [])
    assert lines[0] == "No LLM is configured: the deterministic recipe answered for 10 of 10 claims."
    assert "OPENAI_API_KEY" in lines[1]


def test_an_llm_that_is_configured_but_silent_is_told_apart() -> None:
    lines = who_answered([record("fallback")], ended(written=10, fallback=10), ["OPENAI_API_KEY"])
    assert lines[0].startswith("The configured LLM gave no answer: the deterministic recipe")


def test_each_model_is_named_with_its_share() -> None:
    records = [record("llm", "openai", "gpt-4o-mini")] * 7 + [record("fallback")] * 3
    lines = who_answered(records, ended(written=10, fallback=3), ["OPENAI_API_KEY"])
    assert lines[0] == "openai gpt-4o-mini answered for 7 of 10 claims."
    assert lines[1] == "The deterministic recipe stood in for the LLM on 3 claims."


def record(source: str, provider: str | None = None, model: str | None = None) -> dict[str, Any]:
    return {"source": source, "provider": provider, "model": model}
