"""Events on their way out: encoded, addressed by their type, with the trace they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from shared.bus.bundling import bundled
from shared.bus.codec import Message, Received
from shared.bus.encoder import Encoder, LateHeaders, now
from shared.bus.flush import Told
from shared.bus.publisher import Publisher
from shared.errors import Rejected
from shared.events import Event
from shared.telemetry import UNSAMPLED, current_traceparent, is_sampled
from shared.topics import GROUP_OF, TOPIC_OF, Topic

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
        """Return when all are acknowledged. `topic` for events that may go to several. Raises `Rejected` for one that
        is too large; the others are published.
        """
        if together:
            try:
                return await self._publisher.publish(self._together(outgoing, topic))
            except Rejected:
                # Of several in one record a single one may be too large: each by itself then, and once more.
                together = None
        if outgoing:
            await self._publisher.publish(self._encoded(outgoing, topic, together))

    def post(self, outgoing: Sequence[Outgoing], told: Told) -> None:
        """Publish without waiting; `told` gets the errors by position, mostly none."""
        self._publisher.post(self._encoded(outgoing, None), told)

    def post_together(self, events: Sequence[Event], told: Told) -> None:
        """Publish events that nobody traces without waiting; `told` gets the errors, of which positions say nothing."""
        self._publisher.post(self._untraced(events, None), told)

    def hurry(self) -> None:
        """What was posted need not wait for company: none comes."""
        self._publisher.hurry()

    def _together(self, outgoing: Sequence[Outgoing], topic: Topic | None) -> list[Message]:
        """As few messages as there may be: those whose trace is kept go alone."""
        free = [event for event, parent in outgoing if not is_sampled(parent)]
        traced = [one for one in outgoing if is_sampled(one[1])]
        return self._untraced(free, topic) + self._encoded(traced, topic)

    def _untraced(self, events: Sequence[Event], topic: Topic | None) -> list[Message]:
        messages: list[Message] = []
        headers = partial(LateHeaders, self._encoder, traceparent=UNSAMPLED, time=now())
        for kind in dict.fromkeys(map(type, events)):
            some = [event for event in events if type(event) is kind]
            to = topic or TOPIC_OF[kind]
            partitions = self._publisher.partitions_of(to.name) if kind in GROUP_OF else None
            if partitions is None:
                messages += self._encoded([(event, UNSAMPLED) for event in some], to, together=True)
            else:
                messages += bundled(some, to.name, partitions, headers)
        return messages

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
