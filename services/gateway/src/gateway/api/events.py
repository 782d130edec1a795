"""A batch's progress as server-sent events, until it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from gateway.api.batches import Here, batch_of
from gateway.api.context import Gateway
from gateway.api.views import view_of
from gateway.domain.states import FINAL
from gateway.store.batches import Batch
from gateway.store.changes import within

router = APIRouter(prefix="/api/batches", tags=["batches"])
SPACING_S = 0.2
LOOK_AGAIN_S = 1.0
"""How long until the table is asked although nothing was told: another replica may have folded the change."""


@router.get("/{batch_id}/events", response_class=StreamingResponse)
async def stream_progress(
    batch_id: str, gateway: Here, last_event_id: Annotated[str | None, Header()] = None
) -> Response:
    """An event `progress` with the batch on every change, five a second at most; ends after the terminal state.

    Every event is the whole batch, so that a client that was away misses nothing: it gets the present state, unless
    that is the one it saw last. A client that saw the end gets 204, which tells a browser to stop asking.
    """
    batch = await batch_of(gateway, batch_id)
    if last_event_id == _mark(batch) and batch.account.stage in FINAL:
        return Response(status_code=204)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(gateway, batch_id, last_event_id), media_type="text/event-stream", headers=headers)


async def _events(gateway: Gateway, batch_id: str, seen: str | None) -> AsyncIterator[str]:
    silent_s = 0.0
    with gateway.changes.of(batch_id) as changed:
        while True:
            changed.clear()
            batch = await batch_of(gateway, batch_id)
            if (mark := _mark(batch)) != seen:
                data = json.dumps(view_of(batch, gateway.now()), ensure_ascii=False)
                yield f"event: progress\nid: {mark}\ndata: {data}\n\n"
                seen, silent_s = mark, 0.0
                if batch.account.stage in FINAL:
                    return
                await asyncio.sleep(SPACING_S)
            wait_s = min(LOOK_AGAIN_S, gateway.heartbeat_s)
            await within(changed, wait_s)
            silent_s += wait_s
            if silent_s >= gateway.heartbeat_s:
                yield ": still here\n\n"
                silent_s = 0.0


def _mark(batch: Batch) -> str:
    """Names what can be seen of a batch: equal marks, equal events."""
    account = batch.account
    return "-".join(map(str, (account.epoch, account.standing().shown(), account.requested, *account.totals.values())))
