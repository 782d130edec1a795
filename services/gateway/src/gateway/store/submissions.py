"""What was asked for: the batch's own description, kept beside its totals."""

from __future__ import annotations

import json
from typing import Any

from shared.events import BatchSpec, BatchSubmitted, RowsSource
from sqlalchemy import Connection, func, select, update

from gateway.store.inserts import insert_missing
from gateway.store.tables import batches


def record(
    connection: Connection, event: BatchSubmitted, *, traceparent: str | None, body_hash: str | None, now: float
) -> None:
    """Store a submission, over HTTP or from the bus, whichever comes first; the first description stays."""
    insert_missing(connection, batches, [{"batch_id": event.batch_id, "created_at": now}])
    c = batches.c
    described = {
        "name": event.batch.name.replace("\0", ""),
        "spec": json.dumps(_without_rows(event.batch), ensure_ascii=True),
        "requested_by": (event.requested_by or "").replace("\0", "") or None,
    }
    mine = c.batch_id == event.batch_id
    connection.execute(update(batches).where(mine, c.spec.is_(None)).values(**described))
    connection.execute(
        update(batches)
        .where(mine)
        .values(
            body_hash=func.coalesce(c.body_hash, body_hash),
            traceparent=func.coalesce(c.traceparent, traceparent),
        )
    )


def spec_of(connection: Connection, batch_id: str) -> dict[str, Any] | None:
    """The description of a batch, without its inline rows; None if there is no such batch."""
    found = connection.execute(select(batches.c.spec).where(batches.c.batch_id == batch_id)).scalar_one_or_none()
    return None if found is None else json.loads(found)


def body_hash_of(connection: Connection, batch_id: str) -> tuple[bool, str | None]:
    """Whether the batch is known, and the hash of the request that it came with (None: it came over the bus)."""
    c = batches.c
    query = select(c.body_hash).where(c.batch_id == batch_id, c.spec.is_not(None))
    row = connection.execute(query).one_or_none()
    return (row is not None, row.body_hash if row else None)


def _without_rows(batch: BatchSpec) -> dict[str, Any]:
    spec = batch.model_dump(mode="json")
    if isinstance(batch.source, RowsSource):
        spec["source"] = {"kind": "rows", "parts": batch.source.parts}
    return spec
