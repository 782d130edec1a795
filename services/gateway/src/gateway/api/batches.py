"""Submit, look at, and steer batches."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from shared.events import BatchCancelled, BatchPaused, BatchResumed, BatchRetried

from gateway.api import drafts, uploads
from gateway.api.context import Gateway, gateway_of
from gateway.api.cursors import batch_before, cursor_of
from gateway.api.docs import json_body_of, with_file
from gateway.api.problems import Problem, no_such_batch
from gateway.api.requests import RetryRequest, body_of
from gateway.api.submitting import publish, submit
from gateway.api.views import links_of, view_of
from gateway.domain.states import BatchState, Order
from gateway.store import batches, failures
from gateway.store.batches import Batch

router = APIRouter(prefix="/api/batches", tags=["batches"])
Here = Annotated[Gateway, Depends(gateway_of)]
_ORDERS = {"pause": BatchPaused, "resume": BatchResumed, "cancel": BatchCancelled}
_BODY = with_file(json_body_of("BatchSpec"))


@router.post("", status_code=202, openapi_extra=_BODY)
async def request_batch(
    request: Request,
    response: Response,
    gateway: Here,
    idempotency_key: Annotated[str | None, Header(description="the same key is the same batch")] = None,
) -> dict[str, Any]:
    """Publish a batch request, with its rows as a file or without; from here on the batch runs without us."""
    if uploads.is_upload(request):
        async with uploads.draft_of(request) as (draft, rows):
            batch_id, _ = await submit(gateway, draft, idempotency_key, rows)
    else:
        draft = drafts.draft_of(await drafts.json_body(request))
        batch_id, _ = await submit(gateway, draft, idempotency_key)
    links = links_of(batch_id)
    response.headers["Location"] = links["self"]
    return {"id": batch_id, "state": "accepted", "links": links}


@router.get("")
async def list_batches(
    gateway: Here,
    state: BatchState | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Batches, the newest first."""
    before, now = batch_before(cursor), gateway.now()
    found = await gateway.database.read(
        lambda connection: batches.page(connection, state=state, limit=limit + 1, before=before)
    )
    shown = found[:limit]
    last = shown[-1].account if len(found) > limit else None
    return {
        "items": [view_of(batch, now) for batch in shown],
        "next_cursor": cursor_of(last.created_at, last.batch_id) if last else None,
    }


@router.get("/{batch_id}")
async def show_batch(batch_id: str, gateway: Here) -> dict[str, Any]:
    """One batch with its counts, which add up to `requested` from the moment that is known."""
    return view_of(await batch_of(gateway, batch_id), gateway.now())


@router.get("/{batch_id}/failures")
async def group_failures(batch_id: str, gateway: Here) -> dict[str, Any]:
    """Failed records by category, code and reason."""
    await batch_of(gateway, batch_id)
    return {"items": await gateway.database.read(lambda connection: failures.grouped(connection, batch_id))}


@router.post("/{batch_id}/retry", status_code=202, openapi_extra=json_body_of("RetryRequest", required=False))
async def retry_batch(batch_id: str, request: Request, gateway: Here) -> dict[str, Any]:
    """Run failed records again, all of them or those of one category; 409 if there is none."""
    category = (await body_of(RetryRequest, request, required=False)).category
    batch = await _orderly(gateway, batch_id, "retry")
    known = await gateway.database.read(lambda connection: failures.bits_by_chunk(connection, batch_id, category))
    if not known:
        raise Problem(409, f"No record of the batch has failed with category {category}.", slug="wrong-state")
    with gateway.changes.of(batch_id) as changed:
        await publish(gateway, [BatchRetried(batch_id=batch_id, category=category, requested_by="api")])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(gateway.folded_within_s):
                while (await batch_of(gateway, batch_id)).account.epoch == batch.account.epoch:
                    await changed.wait()
                    changed.clear()
    return await show_batch(batch_id, gateway)


@router.post("/{batch_id}/{order}", status_code=202)
async def steer_batch(batch_id: str, order: Literal["pause", "resume", "cancel"], gateway: Here) -> dict[str, Any]:
    """Pause: no new call starts. Resume: they do again. Cancel: what has no verdict yet is cancelled."""
    await _orderly(gateway, batch_id, order)
    await publish(gateway, [_ORDERS[order](batch_id=batch_id, requested_by="api")])
    if order == "cancel":
        await gateway.database.write(lambda connection: batches.cancel(connection, batch_id))
    else:
        await gateway.database.write(lambda connection: batches.hold(connection, batch_id, paused=order == "pause"))
    gateway.changes.tell([batch_id])
    return await show_batch(batch_id, gateway)


async def batch_of(gateway: Gateway, batch_id: str) -> Batch:
    """One batch. Raises a 404 problem if there is none."""
    # PostgreSQL refuses a NUL in text; no batch has one in its id.
    found = None
    if "\0" not in batch_id:
        found = await gateway.database.read(lambda connection: batches.get(connection, batch_id))
    if found is None:
        raise no_such_batch()
    return found


async def _orderly(gateway: Gateway, batch_id: str, order: Order) -> Batch:
    batch = await batch_of(gateway, batch_id)
    if objection := batch.account.standing().objection(order):
        raise Problem(409, objection, slug="wrong-state")
    return batch
