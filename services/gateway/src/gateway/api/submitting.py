"""From a valid request to a durable batch: on the bus first, then in the table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4, uuid5

from shared.events import BatchSpec, BatchSubmitted, Event, RowsAttached, RowsSource
from shared.telemetry import current_traceparent, get_logger, names

from gateway.api.context import Gateway
from gateway.api.drafts import Draft
from gateway.api.problems import Mistake, Problem, unprocessable
from gateway.api.uploads import RowFile
from gateway.domain.parts import parts_of
from gateway.store import submissions

NAMESPACE = UUID("6f9d2a0e-5a3c-5c07-9d2e-3b1f7a4c8e55")
"""Of batch ids made from an Idempotency-Key; fixed for ever, for a key must stay the same batch."""
_MAX_KEY = 255


def batch_id_of(key: str | None) -> str:
    """The batch that an Idempotency-Key names; a new one without a key."""
    if key is None:
        return str(uuid4())
    if not 1 <= len(key) <= _MAX_KEY or not key.isprintable():
        raise unprocessable([Mistake("", "Idempotency-Key must be 1 to 255 printable characters")])
    return str(uuid5(NAMESPACE, key))


async def submit(gateway: Gateway, draft: Draft, key: str | None, rows: RowFile | None = None) -> tuple[str, bool]:
    """Publish a batch, behind its file of rows if it has one, and note it; its id, and whether it is new.

    Published before it is stored: what the broker did not take leaves no trace here, and what it took is found on the
    bus even if we crash before the row is written.
    """
    batch_id = batch_id_of(key)
    async with _one_at_a_time(gateway, batch_id):
        if await _known(gateway, batch_id, draft.body_hash):
            return batch_id, False
        traceparent = current_traceparent()
        if rows is not None:
            async for attached in rows.attachments(batch_id):
                await publish(gateway, attached)
        events = commands_of(batch_id, draft.spec)
        await publish(gateway, events)
        submitted = events[-1]
        assert isinstance(submitted, BatchSubmitted)  # noqa: S101  # what `commands_of` promises
        now = gateway.now()
        await gateway.database.write(
            lambda connection: submissions.record(
                connection, submitted, traceparent=traceparent, body_hash=draft.body_hash, now=now
            )
        )
    get_logger().info(names.LOG_BATCH, batch=batch_id, state="accepted")
    return batch_id, True


def commands_of(batch_id: str, spec: BatchSpec) -> list[Event]:
    """The command, after the parts of its rows where they are more than the command can carry."""
    parts = parts_of(spec.source.rows) if isinstance(spec.source, RowsSource) and spec.source.rows else []
    if parts:
        spec = spec.model_copy(update={"source": RowsSource(kind="rows", rows=[], parts=len(parts))})
    attached: list[Event] = [
        RowsAttached(batch_id=batch_id, part=number, rows=rows, requested_by="api") for number, rows in enumerate(parts)
    ]
    return [*attached, BatchSubmitted(batch_id=batch_id, batch=spec, requested_by="api")]


async def publish(gateway: Gateway, events: list[Event]) -> None:
    """Hand events to the broker under the current trace. Raises a 503 problem if it does not take them in time."""
    traceparent = current_traceparent()
    try:
        async with asyncio.timeout(gateway.publish_within_s):
            await gateway.bus.publish_many([(event, traceparent) for event in events])
    except Exception as error:  # whatever the broker's client raises: the caller can only try again
        get_logger().warning("publish_failed", error=type(error).__name__)
        raise Problem(
            503,
            "The message broker does not answer; nothing was accepted. Try again with the same Idempotency-Key.",
            slug="broker-unavailable",
            headers={"Retry-After": "5"},
        ) from error


async def _known(gateway: Gateway, batch_id: str, body_hash: str) -> bool:
    known, stored = await gateway.database.read(lambda connection: submissions.body_hash_of(connection, batch_id))
    if known and stored is not None and stored != body_hash:
        raise unprocessable(
            [Mistake("", "this Idempotency-Key was used for a different request", "use a new key for a new batch")]
        )
    return known


@asynccontextmanager
async def _one_at_a_time(gateway: Gateway, batch_id: str) -> AsyncIterator[None]:
    """Two requests with one key at the same moment must not both be new."""
    lock, waiting = gateway.submitting.get(batch_id, (asyncio.Lock(), 0))
    gateway.submitting[batch_id] = (lock, waiting + 1)
    try:
        async with lock:
            yield
    finally:
        lock, waiting = gateway.submitting[batch_id]
        if waiting == 1:
            del gateway.submitting[batch_id]
        else:
            gateway.submitting[batch_id] = (lock, waiting - 1)
