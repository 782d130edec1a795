"""The records of a batch, page by page."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from gateway.api.batches import Here, batch_of
from gateway.api.cursors import cursor_of, index_after
from gateway.store import records

router = APIRouter(prefix="/api/batches", tags=["records"])
RecordState = Literal["pending", "written", "generated", "failed", "skipped", "cancelled"]


@router.get("/{batch_id}/records")
async def list_records(
    batch_id: str,
    gateway: Here,
    state: RecordState | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Records by index: what became of each, why, by whom it was answered, and the trace that tells its story."""
    account, first = (await batch_of(gateway, batch_id)).account, index_after(cursor)
    found = await gateway.database.read(
        lambda connection: records.page(connection, account, state=state, first=first, limit=limit + 1)
    )
    more = cursor_of(found[limit]["index"]) if len(found) > limit else None
    return {"items": found[:limit], "next_cursor": more}
