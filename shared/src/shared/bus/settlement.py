"""What becomes of a record once it was read and handled: decided here once, for every kind of subscription."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from shared.bus import dead_letters, retries
from shared.bus.codec import Codec, Poison, Received, Record, Unwanted
from shared.bus.encoder import own_traceparent
from shared.bus.flush import Told
from shared.bus.metrics import Tally
from shared.bus.outbox import Outbox, Outgoing
from shared.errors import Fatal, RecordsmithError, Rejected, Retryable
from shared.events import Event
from shared.telemetry import UNSAMPLED, current_traceparent, get_logger, names
from shared.topics import Topic

Failed = Callable[[Received[Any], RecordsmithError, int], Event | None]
"""Makes the event that tells of a record's failure, from the record, the error and the number of attempts."""


class Settlement:
    """The policies of one subscription."""

    def __init__(
        self,
        codec: Codec,
        outbox: Outbox,
        tally: Tally,
        *,
        service: str,
        failed: Failed | None = None,
        retry_topics: Sequence[Topic] = (),
        retry_delay_factor: float = 1.0,
        undecodable_limit: int = 1_000,
    ) -> None:
        self._codec = codec
        self._outbox = outbox
        self._tally = tally
        self._service = service
        self._failed = failed
        self._retry_topics = retry_topics
        self._retry_delay_factor = retry_delay_factor
        self._undecodable_limit = undecodable_limit
        self._undecodable: dict[str, int] = {}

    def read(self, record: Record) -> Received[Any] | Poison | Unwanted:
        """Decode. Raises `Fatal` when too many in a row cannot be: then something else than a record is wrong."""
        found = self._codec.decode(record)
        if type(found) is Poison:
            in_a_row = self._undecodable.get(record.topic, 0) + 1
            self._undecodable[record.topic] = in_a_row
            if in_a_row > self._undecodable_limit:
                raise Fatal(f"more than {self._undecodable_limit} undecodable records in a row on {record.topic}")
        elif self._undecodable:
            self._undecodable.pop(record.topic, None)
        return found

    def skip(self, record: Record) -> None:
        """Count a record that the handler does not take."""
        self._tally.add(record.topic, "skipped")

    async def bury(self, record: Record, reason: str, error: str) -> None:
        """Put a record among the dead letters; returns when that is acknowledged."""
        await dead_letters.bury(self._outbox, record, reason, error, self._service)
        self._tally.add(record.topic, "dead")
        get_logger().warning(
            names.LOG_DEAD_LETTER, topic=record.topic, partition=record.partition, offset=record.offset, reason=reason
        )

    def count_done(self, topic: str, count: int = 1) -> None:
        """Count handled records."""
        self._tally.add(topic, "done", count)

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Publish a handler's events; returns when they are acknowledged."""
        await self._outbox.publish(outgoing)

    def post(self, outgoing: Sequence[Outgoing], told: Told) -> None:
        """Publish a handler's events without waiting; `told` gets the errors, mostly none."""
        self._outbox.post(outgoing, told)

    def post_together(self, events: Sequence[Event], told: Told) -> None:
        """The same for events that nobody traces and that may share records; `told` gets any error there was."""
        self._outbox.post_together(events, told)

    def hurry(self) -> None:
        """Nothing else is being handled: what was posted need not wait for company."""
        self._outbox.hurry()

    async def fail(self, record: Record, received: Received[Any], error: Exception) -> None:
        """Settle a record whose handler raised: later again, or its failure told, or buried."""
        if isinstance(error, Retryable):
            topic = retries.next_topic(self._retry_topics, record.topic, error)
            if topic is not None:
                delay_s = topic.delay_s * self._retry_delay_factor
                await self._outbox.send_on(retries.retry_message(record, received, topic, error, delay_s))
                self._tally.add(record.topic, "retried")
                return
        if not isinstance(error, RecordsmithError):
            error = _bug(received, error)
        await self._tell_failure(record, received, error)

    async def _tell_failure(self, record: Record, received: Received[Any], error: RecordsmithError) -> None:
        try:
            event = self._failed(received, error, received.attempt) if self._failed is not None else None
            if event is not None:
                await self.publish([(event, current_traceparent() or received.traceparent)])
                self._tally.add(record.topic, "failed")
                return
        except Exception as second:
            error = _bug(received, second)
        await self.bury(record, error.category, str(error))


def _bug(received: Received[Any], error: Exception) -> RecordsmithError:
    # The text of an unknown exception may quote the record: only its type is told.
    kind = type(error).__name__
    parent = own_traceparent(received.event) if received.traceparent == UNSAMPLED else received.traceparent
    trace_id = parent.split("-")[1] if parent and "-" in parent else None
    get_logger().error(
        names.LOG_RECORD_FAILED, exception=kind, topic=received.topic, offset=received.offset, trace_id=trace_id
    )
    wrapped = Rejected(f"the handler failed with {kind}", category="bug")
    wrapped.__cause__ = error
    return wrapped
