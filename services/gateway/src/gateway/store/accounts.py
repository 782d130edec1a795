"""Batches' totals in the database: load under a lock, save again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from gateway.domain.account import Account
from gateway.domain.chunk import STATES
from gateway.store.inserts import insert_missing
from gateway.store.tables import batches

TOTALS = (*STATES, "fallback")
_PLAIN = (
    "stage", "paused", "held", "cancelling", "requested", "epoch", "input_tokens", "output_tokens", "cost_usd",
    "priced", "unpriced", "reason", "traceparent", "started_at", "finished_at",
)  # fmt: skip

# Put together once: that takes longer than to execute them.
_SAVE = (
    update(batches)
    .where(batches.c.batch_id == bindparam("new_batch_id"))
    .values({name: bindparam(f"new_{name}") for name in (*_PLAIN, *TOTALS, "history")})
)
_LOCKED = (
    select(batches)
    .where(batches.c.batch_id.in_(bindparam("batch_ids", expanding=True)))
    .order_by(batches.c.batch_id)
    .with_for_update()
)


def load(connection: Connection, batch_ids: Iterable[str], now: float) -> dict[str, Account]:
    """These batches, locked until the transaction ends; an empty one where only its verdicts are known yet.

    Always in order of their ids, so that two gateways never wait for each other.
    """
    ids = sorted(set(batch_ids))
    found = {account.batch_id: account for account in _locked(connection, ids)}
    if missing := [batch_id for batch_id in ids if batch_id not in found]:
        insert_missing(connection, batches, [{"batch_id": batch_id, "created_at": now} for batch_id in missing])
        found |= {account.batch_id: account for account in _locked(connection, missing)}
    return found


def save(connection: Connection, changed: Iterable[Account]) -> None:
    """Write totals back."""
    if rows := [_row(account) for account in changed]:
        connection.execute(_SAVE, rows)


def account_of(row: Row[Any]) -> Account:
    """The totals in a row of `batches`."""
    return Account(
        batch_id=row.batch_id,
        known=row.spec is not None,
        totals={name: getattr(row, name) for name in TOTALS},
        history=[(at, settled) for at, settled in json.loads(row.history or "[]")],
        created_at=row.created_at,
        **{name: getattr(row, name) for name in _PLAIN},
    )


def _locked(connection: Connection, ids: list[str]) -> Iterable[Account]:
    for start in range(0, len(ids), 500):
        rows = connection.execute(_LOCKED, {"batch_ids": ids[start : start + 500]})
        yield from (account_of(row) for row in rows)


def _row(account: Account) -> dict[str, Any]:
    values = {name: getattr(account, name) for name in _PLAIN} | account.totals
    values |= {"batch_id": account.batch_id, "history": json.dumps(account.history)}
    return {f"new_{name}": value for name, value in values.items()}
