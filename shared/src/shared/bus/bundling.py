"""Many events become few messages before they reach the publisher: a message of its own costs an event more than its
text does. What is in a message goes to one partition; the publisher puts neighbours together once more.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import SchemaSerializer

from shared.bus.codec import Company, Message, RawHeaders
from shared.bus.murmur2 import partitions_of
from shared.bus.packing import MOST_BYTES, MOST_PARTS
from shared.events import Event
from shared.topics import GROUP_OF

HeadersOf = Callable[[Event], RawHeaders]


def bundled(events: Sequence[Any], topic: str, partitions: int, headers_of: HeadersOf) -> Iterator[Message]:
    """Messages of as many events as may travel together; all are of one kind that does. The topic has so many
    partitions.
    """
    group = GROUP_OF[type(events[0])]
    keys = [event.key().encode() for event in events]
    distinct = list(dict.fromkeys(keys))
    partition = dict(zip(distinct, partitions_of(distinct, partitions), strict=True))
    bundles: dict[tuple[str, Hashable, int], list[int]] = {}
    for at, event in enumerate(events):
        bundles.setdefault((event.batch_id, group.of(event), partition[keys[at]]), []).append(at)
    for (batch_id, of, _), places in bundles.items():
        company, key = Company(group, batch_id, of), keys[places[0]]
        some = [events[at] for at in places]
        for first in range(0, len(some), MOST_PARTS):
            for text, piece in _written(some[first : first + MOST_PARTS]):
                yield Message(topic, key, text, headers_of(piece[0]), company, len(piece))


def _written(events: Sequence[Event]) -> Iterator[tuple[bytes, Sequence[Event]]]:
    """The events as JSON with commas between, in pieces that are not too large."""
    kind = type(events[0])
    text: bytes = _serializer(kind).to_json(events, exclude_none=kind.terse)
    if len(text) <= MOST_BYTES or len(events) == 1:
        yield text[1:-1], events
        return
    half = len(events) // 2
    yield from _written(events[:half])
    yield from _written(events[half:])


@lru_cache(maxsize=64)
def _serializer(kind: type[Event]) -> SchemaSerializer:
    serializer: SchemaSerializer = TypeAdapter(list[kind]).serializer  # type: ignore[valid-type]
    return serializer
