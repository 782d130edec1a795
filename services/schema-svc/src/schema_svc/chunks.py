"""Publishes one chunk of a batch, then remembers that it did."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import islice

from opentelemetry.trace import Span
from opentelemetry.util.types import AttributeValue
from shared.errors import RecordsmithError, Rejected
from shared.events import CHUNK, Event
from shared.telemetry import current_traceparent, names, span
from sqlalchemy.exc import SQLAlchemyError

from schema_svc.domain.batch import Share, Standing
from schema_svc.domain.ranges import SLICE, Ranges, cut, length
from schema_svc.domain.window import Window
from schema_svc.expansion import Expanded, OpenBatch, Traced, all_failed, cancelled_event, expand, slice_event
from schema_svc.reading import Entry, Reader
from schema_svc.workshop import Workshop

BUGS = 5
"""After so many errors of our own at one place its records fail, for the batch must end."""

SLICES = 8
CANCELLED_RANGES = 500


class ChunkExpander:
    """Of one batch under one fence. A crash between publishing and remembering repeats one chunk, with the same ids."""

    def __init__(self, shop: Workshop, batch: OpenBatch, fence: int) -> None:
        self._shop = shop
        self.batch = batch
        self._fence = fence
        self._ranges: dict[tuple[int, int], Ranges] = {}
        self._reader = Reader(self._read, shop.pace.chunk)
        self._window = Window(shop.pace.window, shop.pace.window_most)
        self._bugs = 0

    def read_ahead(self, share: Share) -> None:
        """The next prompts will be of `share`."""
        if self.batch.spec.prompt is not None:
            self._reader.ahead(share)

    async def prompts(self, standing: Standing, share: Share) -> Standing | None:
        """Publish the next prompts of `share`, and how the batch stands then; None when the window is full."""
        pace, left, batch = self._shop.pace, share.total - share.cursor, self.batch
        window = self._window.size(standing.handled, self._shop.clock())
        most = max(pace.chunk, pace.chunk_most) if self._window.instant else pace.chunk
        if not share.cursor:
            most = min(most, pace.first)
        count = min(standing.room(window), most, left)
        # Not a few records at every report of progress: a chunk costs the same whatever its size.
        if count < min(most, left, max(1, window // 8)):
            return None
        with self._span(count) as chunk:
            expanded, taken = await self._expanded(share, count, chunk)
            async with self._shop.turnstile.turn(batch.batch_id, taken):
                if expanded.prompts:
                    instant = self._window.instant
                    await self._shop.publisher.publish_many(expanded.prompts, topic=batch.lane, together=instant)
                if expanded.verdicts:
                    await self._shop.publisher.publish_many(expanded.verdicts)
                after = await self._advance(share, taken, standing.state)
        self._reader.advance(taken)
        self._bugs = 0
        return after

    async def slices(self, standing: Standing, share: Share) -> Standing | None:
        """Publish the next row ranges of `share`, and how the batch stands then; None when the window is full."""
        chosen = await self._chosen(standing, share)
        if not chosen:
            return None
        with self._span(length(chosen)):
            events = [slice_event(self.batch, share.epoch, rows) for rows in chosen]
            return await self._publish(share, events, length(chosen), standing.state)

    async def cancel(self, share: Share) -> Standing:
        """Settle the next records of `share` that will never be expanded."""
        rest = (await self._range(share)).part(share.cursor, CANCELLED_RANGES * CHUNK)
        pieces = list(islice(cut(rest, CHUNK), CANCELLED_RANGES))
        with self._span(length(pieces)):
            events = [cancelled_event(self.batch.batch_id, share.epoch, piece) for piece in pieces]
            return await self._publish(share, events, length(pieces), "cancelled")

    def forget(self) -> None:
        """Drop what was read ahead."""
        self._reader.forget()

    async def _expanded(self, share: Share, count: int, chunk: Span) -> tuple[Expanded, int]:
        try:
            records: Sequence[Entry] = await self._reader.take(share, count)
            return expand(self.batch, share.epoch, records, chunk), len(records)
        except Exception as error:
            refused = isinstance(error, Rejected)
            if not refused and not self._is_stubborn_bug(error):
                raise
            code = getattr(error, "code", None) or type(error).__name__
            ranges = (await self._range(share)).part(share.cursor, min(count, self._shop.pace.chunk))
            failed = all_failed(ranges, code, "crm" if refused else "bug")
            return expand(self.batch, share.epoch, failed, chunk), len(failed)

    async def _chosen(self, standing: Standing, share: Share) -> list[tuple[int, int]]:
        room = standing.room(self._shop.pace.slice_window)
        idle = standing.requested - standing.settled <= standing.unexpanded
        rows = (await self._range(share)).part(share.cursor, SLICES * SLICE)
        chosen: list[tuple[int, int]] = []
        for piece in islice(cut(rows, SLICE), SLICES):
            # A window smaller than a slice must not stop the batch.
            if length(chosen) + piece[1] > room and (chosen or not idle):
                break
            chosen.append(piece)
        return chosen

    async def _publish(self, share: Share, events: Sequence[Event], records: int, announced: str) -> Standing:
        traceparent = current_traceparent()
        traced: list[Traced] = [(event, traceparent) for event in events]
        async with self._shop.turnstile.turn(self.batch.batch_id, len(traced)):
            await self._shop.publisher.publish_many(traced)
            return await self._advance(share, records, announced)

    async def _advance(self, share: Share, records: int, announced: str) -> Standing:
        return await self._shop.store.advance(self.batch.batch_id, self._fence, share, records, announced=announced)

    async def _range(self, share: Share) -> Ranges:
        key = (share.epoch, share.first)
        if key not in self._ranges:
            self._ranges = {key: await self._shop.store.ranges(self.batch.batch_id, share)}
        return self._ranges[key]

    async def _read(self, share: Share, position: int, count: int) -> list[Entry]:
        batch = self.batch
        ranges = (await self._range(share)).part(position, count)
        return await batch.source.records(batch.spec, batch.needed, batch.snapshot, ranges)

    def _span(self, count: int) -> AbstractContextManager[Span]:
        attributes: dict[str, AttributeValue] = {names.BATCH_ID: self.batch.batch_id, names.CHUNK_SIZE: count}
        return span(names.SPAN_EXPAND_CHUNK, traceparent=self.batch.traceparent, attributes=attributes)

    def _is_stubborn_bug(self, error: Exception) -> bool:
        if isinstance(error, RecordsmithError | SQLAlchemyError):
            return False
        self._bugs += 1
        return self._bugs >= BUGS
