"""What a planned batch would do to the CRM; doing exactly that, and taking it back."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated, Any

from fastapi import APIRouter, Query
from shared.events import BatchApplied, BatchReverted

from gateway.api.batches import Here, batch_of, show_batch
from gateway.api.context import Gateway
from gateway.api.cursors import cursor_of, index_after
from gateway.api.problems import Problem
from gateway.api.submitting import publish
from gateway.store import approvals, records

router = APIRouter(prefix="/api/batches", tags=["plans"])
OLDEST_S = 29 * 86_400.0
"""The writer forgets plans after 30 days: they hold values of records."""

_SHOWN = ("index", "record_id", "crm_id", "state", "code", "reason", "change")


@router.get("/{batch_id}/plan")
async def show_plan(
    batch_id: str, gateway: Here, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None
) -> dict[str, Any]:
    """Records with what becomes of them: created, updated (with a diff), unchanged or refused. 409: it has no plan."""
    account, first = (await batch_of(gateway, batch_id)).account, index_after(cursor)
    if not await gateway.database.read(lambda connection: approvals.is_planned(connection, batch_id)):
        raise Problem(409, approvals.NO_PLAN, slug="wrong-state")
    found = await gateway.database.read(
        lambda connection: records.page(connection, account, state=None, first=first, limit=limit + 1)
    )
    more = cursor_of(found[limit]["index"]) if len(found) > limit else None
    return {"items": [{name: item[name] for name in _SHOWN} for item in found[:limit]], "next_cursor": more}


@router.post("/{batch_id}/apply", status_code=202)
async def apply_plan(batch_id: str, gateway: Here) -> dict[str, Any]:
    """Write exactly what the plan says; a record that was edited since is refused."""
    return await _approve(gateway, batch_id, undo=False)


@router.post("/{batch_id}/undo", status_code=202)
async def undo_plan(batch_id: str, gateway: Here) -> dict[str, Any]:
    """Give the records that the applied plan changed their earlier values back, and delete those it created."""
    return await _approve(gateway, batch_id, undo=True)


async def _approve(gateway: Gateway, batch_id: str, *, undo: bool) -> dict[str, Any]:
    batch = await batch_of(gateway, batch_id)
    standing = batch.account.standing()
    objection = await gateway.database.read(
        lambda connection: approvals.objection(connection, batch_id, standing, undo=undo)
    )
    if gateway.now() - batch.account.created_at > OLDEST_S:
        objection = "The plan is older than 29 days: submit the batch again."
    if objection:
        raise Problem(409, objection, slug="wrong-state")
    command = BatchReverted if undo else BatchApplied
    with gateway.changes.of(batch_id) as changed:
        await publish(gateway, [command(batch_id=batch_id, requested_by="api")])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(gateway.folded_within_s):
                while (await batch_of(gateway, batch_id)).account.epoch == batch.account.epoch:
                    await changed.wait()
                    changed.clear()
    return await show_batch(batch_id, gateway)
