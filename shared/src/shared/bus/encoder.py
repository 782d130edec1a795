"""From events to bytes on the wire: CloudEvents in binary mode, with the trace they belong to."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from shared.bus.codec import TRACEPARENT, TYPE, Company, Message, RawHeaders
from shared.events import Event, RecordEvent
from shared.telemetry import is_sampled, unsampled_traceparent
from shared.topics import GROUP_OF

_SPECVERSION = ("ce_specversion", b"1.0")
_JSON = ("content-type", b"application/json")


class Encoder:
    """Writes events as records of one source."""

    def __init__(self, source: str) -> None:
        self._source = ("ce_source", source.encode())
        self._types: dict[type[Event], tuple[str, bytes]] = {}

    def encode(
        self, event: Event, topic: str, traceparent: str | None, time: bytes, *, together: bool | None = None
    ) -> Message:
        """One event as a record; `time` is when it happened, from `now`. `together`: whether it may travel with
        others, if its kind does not decide that.
        """
        group = GROUP_OF.get(type(event))
        headers: RawHeaders
        company = None
        # A record has one trace parent: those whose trace is kept travel alone.
        if group is not None and (group.usual if together is None else together) and not is_sampled(traceparent):
            headers = LateHeaders(self, event, traceparent, time)
            company = Company(group, event.batch_id, group.of(event))  # type: ignore[attr-defined]  # parts have one
        else:
            headers = self.headers(event, traceparent, time)
        return Message(topic, event.key().encode(), value_of(event), headers, company)

    def headers(self, event: Event, traceparent: str | None, time: bytes) -> RawHeaders:
        """The envelope of an event."""
        kind = self._types.get(type(event))
        if kind is None:
            kind = self._types[type(event)] = (TYPE, event.type.encode())
        headers = [("ce_id", event.event_id().encode()), kind, self._source, _SPECVERSION, ("ce_time", time), _JSON]
        if traceparent is not None:
            headers.append((TRACEPARENT, (traceparent or own_traceparent(event)).encode()))
        return headers


class LateHeaders(Sequence[tuple[str, bytes | None]]):
    """An envelope that is made when somebody looks: most events that may travel with others do."""

    __slots__ = ("_asked",)

    def __init__(self, encoder: Encoder, event: Event, traceparent: str | None, time: bytes) -> None:
        self._asked = encoder, event, traceparent, time

    def _made(self) -> RawHeaders:
        encoder, event, traceparent, time = self._asked
        return encoder.headers(event, traceparent, time)

    def __getitem__(self, at: Any) -> Any:
        return self._made()[at]

    def __iter__(self) -> Iterator[tuple[str, bytes | None]]:
        return iter(self._made())

    def __len__(self) -> int:
        return len(self._made())


def own_traceparent(event: Event) -> str:
    """The header of a record's own trace that nobody keeps; `UNSAMPLED` stands for it until somebody reads it."""
    return unsampled_traceparent(event.trace_id() if isinstance(event, RecordEvent) else event.event_id())


def value_of(event: Event) -> bytes:
    """An event as JSON."""
    return event.__pydantic_serializer__.to_json(event, exclude_none=event.terse)


def now() -> bytes:
    """The time as CloudEvents writes it, to the millisecond."""
    return _written(time.time_ns() // 1_000_000)


@lru_cache(maxsize=1)
def _written(millisecond: int) -> bytes:
    """Formatting costs as much as the rest of an envelope, and many records leave in one millisecond."""
    return datetime.fromtimestamp(millisecond / 1_000, UTC).isoformat(timespec="milliseconds").encode()
