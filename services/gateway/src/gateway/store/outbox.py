"""Events that are announced exactly when their transaction is: written with it, published after it, then deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.events import Event
from shared.topics import BATCHES_EVENTS
from sqlalchemy import Connection, delete, insert, select

from gateway.store.tables import outbox


@dataclass(frozen=True)
class Announcement:
    """An event on its way, and the trace that it belongs to."""

    id: int
    event: Event
    traceparent: str | None


def put(connection: Connection, events: Sequence[tuple[Event, str | None]]) -> None:
    """Add events with their traceparents."""
    rows = [
        {"type": event.type, "event": event.model_dump_json(), "traceparent": traceparent}
        for event, traceparent in events
    ]
    if rows:
        connection.execute(insert(outbox), rows)


def waiting(connection: Connection, limit: int = 500) -> list[Announcement]:
    """The oldest events that nobody has acknowledged yet. Repeated after a crash: their event ids stay the same."""
    types = BATCHES_EVENTS.event_types()
    query = select(outbox).order_by(outbox.c.id).limit(limit)
    return [
        Announcement(row.id, types[row.type].model_validate_json(row.event), row.traceparent)
        for row in connection.execute(query)
    ]


def published(connection: Connection, announcements: Sequence[Announcement]) -> None:
    """Forget events that the broker has acknowledged."""
    connection.execute(delete(outbox).where(outbox.c.id.in_([announcement.id for announcement in announcements])))
