"""Fold what happens into the ledger, and say how far every batch is."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Sequence

from opentelemetry.trace import Link
from prometheus_client import Counter
from shared.bus import Received
from shared.database import Database
from shared.events import Event
from shared.telemetry import names, span
from shared.telemetry.traces import span_context

from gateway.announcer import Announcer
from gateway.store import ledger, offsets

MAX_LINKS = 128
"""OpenTelemetry's default limit of links per span."""

_SETTLED = Counter(names.METRIC_RECORDS.removesuffix("_total"), "Records settled", ["state"])


class Projection:
    """Commands, plans and verdicts in; the ledger's bits, totals and announcements out."""

    def __init__(self, database: Database, announcer: Announcer) -> None:
        self._database = database
        self._announcer = announcer
        self._urgent = False

    def is_urgent(self) -> bool:
        """Whether a batch may be at its end with the next fetch: somebody waits for that."""
        return self._urgent

    async def positions(self, partitions: Iterable[offsets.Partition]) -> dict[offsets.Partition, int]:
        """Where to go on reading: the offsets that were stored with their effects."""
        wanted = list(partitions)
        return await self._database.read(lambda connection: offsets.load(connection, wanted)) if wanted else {}

    async def project(
        self, received: list[Received[Event]], positions: dict[offsets.Partition, int]
    ) -> AsyncIterator[Event]:
        """Fold every event into its batch, in one transaction with the offsets.

        Yields nothing itself: what there is to say goes through the outbox, so that a crash between commit and
        publishing loses none of it.
        """
        with span(names.SPAN_SETTLE, links=_links(received), attributes={names.MESSAGING_BATCH_COUNT: len(received)}):
            now = time.time()
            folded = await self._database.write(lambda connection: ledger.fold(connection, received, positions, now))
        for state, records in folded.settled.items():
            _SETTLED.labels(state).inc(max(records, 0))
        self._urgent = folded.ending
        self._announcer.moved(folded.moved, announced=folded.announced)
        for event in _NOTHING:
            yield event


_NOTHING: tuple[Event, ...] = ()


def _links(received: Sequence[Received[Event]]) -> list[Link]:
    """Links to the sampled traces among these, so that a record's story does not stop before its verdict is taken."""
    parents = {item.traceparent for item in received if item.traceparent and item.traceparent.endswith("1")}
    contexts = (span_context(parent) for parent in sorted(parents)[:MAX_LINKS])
    return [Link(context) for context in contexts if context is not None]
