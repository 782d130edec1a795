"""What leaves together for one partition travels together: one record for what would be a hundred.

An envelope costs a service and the broker more than what is in it. Nothing waits for company here, and the order in a
partition stays what it was: only neighbours are put together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

from shared.bus.codec import TRACEPARENT, TYPE, Codec, Company, Message, RawHeaders, Received, Record
from shared.bus.encoder import value_of
from shared.events import Event, EventGroup
from shared.topics import Topic

MOST_BYTES = 128 * 1024
MOST_PARTS = 250

_ID = "ce_id"
_OF_ONE = frozenset((_ID, TYPE, TRACEPARENT))
"""Headers that belong to a single event."""


def packed(messages: Sequence[Message], positions: Sequence[int]) -> Iterator[tuple[Message, Sequence[int]]]:
    """The messages at these positions, all of one partition, in as few records as may be; each with what is in it."""
    run: list[int] = []
    company: Company | None = None
    size = events = 0
    for position in positions:
        message = messages[position]
        length = len(message.value or b"")
        if run and (
            company is None
            or message.company != company
            or size + length > MOST_BYTES
            or events + message.events > MOST_PARTS
        ):
            yield _together(messages, run, company), run
            run, size, events = [], 0, 0
        company = message.company
        run.append(position)
        size += length + 1
        events += message.events
    if run:
        yield _together(messages, run, company), run


def _together(messages: Sequence[Message], run: Sequence[int], company: Company | None) -> Message:
    first = messages[run[0]]
    if company is None or (len(run) == 1 and first.events == 1):
        return first
    parts = b",".join([messages[position].value or b"" for position in run])
    value = b'{"batch_id":"%b","%b":[%b]}' % (company.batch_id.encode(), company.group.carried_as.encode(), parts)
    headers = [
        (_ID, blake2b(value, digest_size=16).hexdigest().encode()),
        (TYPE, company.group.type.encode()),
        *(header for header in first.headers if header[0] not in _OF_ONE),
    ]
    return Message(first.topic, first.key, value, headers)


def events_in(record: Record, topic: Topic) -> Sequence[Event]:
    """The events that a record of the topic carries: one, several, or none where it cannot be read."""
    found = Codec([topic]).decode(record)
    if not isinstance(found, Received):
        return ()
    return found.event.parts if isinstance(found.event, EventGroup) else (found.event,)


class Part:
    """One event of a record that carries several, as the record it would have been alone. Made when it is needed:
    for a retry topic, or for the dead letters.
    """

    __slots__ = ("_event", "_record")

    def __init__(self, record: Record, event: Event) -> None:
        self._record = record
        self._event = event

    @property
    def topic(self) -> str:
        return self._record.topic

    @property
    def partition(self) -> int:
        return self._record.partition

    @property
    def offset(self) -> int:
        return self._record.offset

    @property
    def timestamp(self) -> int:
        return self._record.timestamp

    @property
    def key(self) -> bytes:
        return self._event.key().encode()

    @property
    def value(self) -> bytes:
        return value_of(self._event)

    @property
    def headers(self) -> RawHeaders:
        kept = [header for header in self._record.headers if header[0] not in _OF_ONE]
        return [(_ID, self._event.event_id().encode()), (TYPE, self._event.type.encode()), *kept]
