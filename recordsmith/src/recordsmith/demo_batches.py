"""What the demo asks for: summaries for claims (S0-21, S0-26 to S0-31) and rows from a description (S3-16)."""

from __future__ import annotations

from typing import Any

TEMPLATE = (
    "Generate a clinical summary for patient {{Patient_Name__c}} "
    "with diagnosis {{Diagnosis__c}} and treatment {{Treatment_Type__c}}"
)
DESCRIPTION = "Generate product inventory with SKUs and stock levels"

LOCAL_CLAIMS = 20
"""The local model writes about 30 tokens a second: so many claims take well under a minute."""
LOCAL_MODEL = {"provider": "lmstudio", "model": "gemma3-270m", "max_tokens": 60, "timeout_s": 120}


def summaries(claims: int, *, local_llm: bool) -> dict[str, Any]:
    """A clinical summary for each claim; without models named, the configured chain answers."""
    batch: dict[str, Any] = {
        "name": "Clinical summaries",
        "source": {"kind": "salesforce", "object": "Claim__c", "limit": claims},
        "prompt": {"template": TEMPLATE},
        "fallback": "recipe",
        "target": {"kind": "salesforce", "object": "Claim__c", "field": "Clinical_Summary__c"},
        "seed": 42,
    }
    return batch | {"models": [LOCAL_MODEL]} if local_llm else batch


def inventory(rows: int) -> dict[str, Any]:
    """Rows from one sentence, for download."""
    return {
        "name": "Product inventory",
        "source": {"kind": "recipe", "recipe": f"describe:{DESCRIPTION}", "rows": rows, "seed": 42},
        "target": {"kind": "csv"},
    }
