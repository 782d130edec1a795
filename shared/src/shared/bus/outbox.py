"""Events on their way out: encoded, addressed by their type, with the trace they belong to."""

from __future__ import annotations

from collections.abc import Sequence

from shared.bus.codec import Message, Received
from shared.bus.encoder import Encoder, now
from shared.bus.flush import Told
from shared.bus.publisher import Publisher
from shared.events import Event
from shared.telemetry import current_traceparent, is_sampled
from shared.topics import TOPIC_OF, Topic

Outgoing = tuple[Event, str | None]
"""An event to publish, and the traceparent of what caused it."""


class Outbox:
    """Publishes events; the publisher knows only records."""

    def __init__(self, publisher: Publisher, service: str) -> None:
        self._publisher = publisher
        self._encoder = Encoder(service)

    async def publish(
        self, outgoing: Sequence[Outgoing], topic: Topic | None = None, *, together: bool | None = None
    ) -> None:
        """Return when all are acknowledged. `topic` for events that may go to several."""
        if outgoing:
            await self._publisher.publish(self._encoded(outgoing, topic, together))

    def post(self, outgoing: Sequence[Outgoing], told: Told) -> None:
        """Publish without waiting; `told` gets the errors by position, mostly none."""
        self._publisher.post(self._encoded(outgoing, None), told)

    def _encoded(
        self, outgoing: Sequence[Outgoing], topic: Topic | None, together: bool | None = None
    ) -> list[Message]:
        time, encode = now(), self._encoder.encode
        return [
            encode(event, (topic or TOPIC_OF[type(event)]).name, parent, time, together=together)
            for event, parent in outgoing
        ]

    async def send_on(self, message: Message) -> None:
        """Publish a record as it is."""
        await self._publisher.publish([message])


def outgoing_of(event: Event, received: Received[Event]) -> Outgoing:
    """A yielded event, caused by the span that is current while it is yielded, else by the record."""
    parent = received.traceparent
    if parent is not None and not is_sampled(parent):
        # Ninety-nine of a hundred records: nobody keeps their spans, so there is no span to ask for.
        return event, parent
    return event, current_traceparent() or parent
