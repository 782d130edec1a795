"""Learns from the gateway how many records of a batch have no verdict: that is how an upload is known to be whole."""

from __future__ import annotations

from collections.abc import AsyncIterator

from shared.bus import Received
from shared.events import BatchProgressed, Event
from shared.telemetry import get_logger
from sqlalchemy.exc import SQLAlchemyError

from writer_svc.domain.plans import PlanBook, target_of
from writer_svc.domain.uploads import Uploads

_NOTHING: tuple[Event, ...] = ()


async def note_standing(
    received: Received[BatchProgressed], *, plans: PlanBook, store: Uploads
) -> AsyncIterator[Event]:
    """Remember it for batches that are written to a dataset; of the others nobody asks.

    Without a plan the batch is finished, or about to be retried: the news of its reopening may come before the plan.
    """
    news = received.event
    plan = plans.plan(news.batch_id)
    if "pending" in news.counts and (plan is None or target_of(plan)[0] == "crm-analytics"):
        try:
            await store.note_pending(news.batch_id, news.counts["pending"], if_known=plan is None)
        except SQLAlchemyError as error:
            # The next news says it again, and without any the upload is only later.
            get_logger().warning("standing_not_noted", batch_id=news.batch_id, error=type(error).__name__)
    for event in _NOTHING:
        yield event
