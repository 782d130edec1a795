"""A record as people see it: state from the bitmaps, details from its verdict."""

from __future__ import annotations

from typing import Any

from shared.events import trace_id_of

from gateway.domain.segment import Verdict

_DETAILS = (
    "record_id",
    "category",
    "code",
    "reason",
    "provider",
    "model",
    "source",
    "values",
    "crm_id",
    "answer",
    "change",
)


def item(batch_id: str, index: int, state: str, epoch: int, verdict: Verdict | None) -> dict[str, Any]:
    """One entry of a records page. A pending record has its place and its trace, and nothing else yet."""
    told = verdict or {}
    return {
        "index": index,
        "state": state,
        "attempts": told.get("attempts", 0),
        "epoch": epoch,
        "trace_id": trace_id_of(batch_id, index, epoch),
    } | {name: told.get(name) for name in _DETAILS}
