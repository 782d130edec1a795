"""What the routes work with. Made once in `app.py`, reached through the request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from fastapi import Request
from shared.bus.dead_letters import DeadLetter
from shared.database import Database
from shared.events import Event

from gateway.domain.crm_records import RecordBook
from gateway.store.changes import Changes


class Publisher(Protocol):
    """What the API needs of the bus."""

    @property
    def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether the service can do its work, and the state of each part."""

    async def publish_many(self, events: Sequence[tuple[Event, str | None]]) -> None:
        """Publish events with their traceparents, in order per key; returns once the broker has them all."""


@dataclass(frozen=True)
class Letters:
    """The dead letters on the bus."""

    read: Callable[[int, str | None], Awaitable[Sequence[DeadLetter]]]
    """(limit, original topic) -> the newest ones."""
    replay: Callable[[Sequence[tuple[int, int]]], Awaitable[Sequence[tuple[int, int]]]]
    """Positions (partition, offset) -> those that were published again."""


@dataclass(frozen=True)
class Gateway:
    """The gateway's parts. Times are seconds since 1970."""

    bus: Publisher
    database: Database
    changes: Changes
    letters: Letters
    api_key: str
    books: Mapping[str, RecordBook]
    """Records of the CRMs that are configured, by the CRM's name."""
    now: Callable[[], float]
    publish_within_s: float = 5.0
    """How long a request waits for the broker before it is told to try again."""
    heartbeat_s: float = 15.0
    """How often a silent event stream shows that it lives."""
    folded_within_s: float = 1.5
    """How long a retry waits to show its effect; then it answers with what is there."""
    generate_within_s: float = 600.0
    """How long POST /generate waits for its next rows."""
    submitting: dict[str, Any] = field(default_factory=dict)
    """Locks of submissions that are under way, by batch."""


def gateway_of(request: Request) -> Gateway:
    """The parts, for a route."""
    return cast(Gateway, request.app.state.gateway)
