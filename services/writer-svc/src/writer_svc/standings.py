"""Learns from the gateway how many records of a batch have no verdict: that is how an upload is known to be whole."""

from __future__ import annotations

from collections.abc import AsyncIterator

from shared.bus import Received
from shared.events import BatchProgressed, Event

from writer_svc.domain.plans import PlanBook, target_of
from writer_svc.domain.uploads import Uploads

_NOTHING: tuple[Event, ...] = ()


async def note_standing(
    received: Received[BatchProgressed], *, plans: PlanBook, store: Uploads
) -> AsyncIterator[Event]:
    """Remember it for batches that are written to a dataset; of the others nobody asks."""
    news = received.event
    plan = plans.plan(news.batch_id)
    if plan is not None and target_of(plan)[0] == "crm-analytics" and "pending" in news.counts:
        await store.note_pending(news.batch_id, news.counts["pending"])
    for event in _NOTHING:
        yield event
