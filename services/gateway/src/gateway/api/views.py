"""A batch as the API shows it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gateway.domain import progress
from gateway.domain.account import Account
from gateway.domain.states import FINAL
from gateway.store.batches import Batch


def view_of(batch: Batch, now: float) -> dict[str, Any]:
    """State, counts, rate, time to go, tokens and cost. `requested` is null until the source was asked."""
    account = batch.account
    return {
        "id": account.batch_id,
        "name": batch.name,
        "state": account.standing().shown(),
        "requested": account.requested,
        "counts": account.counts(),
        "fallback": account.totals["fallback"],
        **_pace(account, now),
        "tokens": {"input": account.input_tokens, "output": account.output_tokens},
        "cost_usd": None if (cost := account.cost()) is None else round(cost, 6),
        "created_at": _time(account.created_at),
        "started_at": _time(account.started_at),
        "finished_at": _time(account.finished_at),
        "reason": account.reason,
        "epoch": account.epoch,
        "links": links_of(account.batch_id),
    }


def links_of(batch_id: str) -> dict[str, str]:
    """Where to go from a batch."""
    at = f"/api/batches/{batch_id}"
    return {
        "self": at,
        "records": f"{at}/records",
        "failures": f"{at}/failures",
        "events": f"{at}/events",
        "result": f"{at}/result.csv",
    }


def _pace(account: Account, now: float) -> dict[str, Any]:
    settled = account.settled()
    if account.stage in FINAL:
        took = (account.finished_at or now) - (account.started_at or account.created_at)
        return {"records_per_s": round(settled / took, 1) if settled and took > 0 else None, "eta_s": None}
    speed = progress.rate(account.history, now, settled)
    left = None
    if account.requested is not None and account.standing().shown() == "running":
        left = progress.eta(account.history, now, settled, account.requested - settled)
    return {
        "records_per_s": None if speed is None else round(speed, 1),
        "eta_s": None if left is None else {"low": left.low, "mid": left.mid, "high": left.high},
    }


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
