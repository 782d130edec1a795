"""What the writer hears of batches on the bus, besides their plans."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from shared.bus import Received
from shared.events import BatchApproved, Event

from writer_svc.domain.planning import Approvals
from writer_svc.domain.plans import PlanBook
from writer_svc.domain.uploads import Uploads
from writer_svc.standings import note_standing


async def follow_batches(
    received: Received[Any], *, plans: PlanBook, store: Uploads, approvals: Approvals
) -> AsyncIterator[Event]:
    """Remember that a plan is to be applied or undone, and how many records of a batch have no verdict."""
    if isinstance(received.event, BatchApproved):
        await approvals.approve(received.event.batch_id, received.event.epoch, undo=received.event.undo)
        return
    async for event in note_standing(received, plans=plans, store=store):
        yield event
