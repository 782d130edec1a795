"""What all batches of a process share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.crm.hubspot import HubSpotSession
from shared.crm.salesforce import SalesforceSession
from shared.events import Event
from shared.topics import Topic

from schema_svc.domain.source import Source
from schema_svc.store import BatchStore
from schema_svc.turnstile import Turnstile


class Publisher(Protocol):
    """What of a `Bus` is needed here. Returning means acknowledged by all replicas of the broker."""

    async def publish(self, event: Event, traceparent: str | None = None) -> None: ...
    async def publish_many(
        self, events: Sequence[Any], *, topic: Topic | None = None, together: bool | None = None
    ) -> None: ...


@dataclass(frozen=True)
class Pace:
    """How far and in what portions batches are expanded."""

    window: int = 2_000
    window_most: int = 32_000
    slice_window: int = 200_000
    first: int = 100
    """Prompts in the first chunk: calls begin while the next is still being written."""
    chunk: int = 500
    chunk_most: int = 4_000
    """Of a batch whose records are settled at once: a chunk costs the same whatever its size."""


@dataclass
class Workshop:
    """The means of expanding, one of each per process."""

    store: BatchStore
    publisher: Publisher
    turnstile: Turnstile
    sources: Mapping[str, Source]
    salesforce: SalesforceSession | None
    hubspot: HubSpotSession | None = None
    pace: Pace = field(default_factory=Pace)
    planning: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))
    clock: Callable[[], float] = time.monotonic
    """Seconds that only go forward: what a batch's rate is measured by."""
    unwell: dict[str, str] = field(default_factory=dict)
    """Batches that wait for an administrator, with what is wrong: the service is not ready then."""
