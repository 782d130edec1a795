"""Many events become few messages, and each is where it would have been alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from shared.bus.bundling import bundled
from shared.bus.encoder import Encoder, now
from shared.bus.murmur2 import partition_of
from shared.bus.packing import MOST_BYTES, MOST_PARTS, events_in, packed
from shared.events import RecordSettled
from shared.topics import OUTCOMES

from shared.tests.bus.scene import OnTheWire

VERDICTS = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 40_000), st.integers(0, MOST_BYTES // 3)), max_size=30
)


def verdict(batch_id: str, index: int, reason: str = "") -> RecordSettled:
    return RecordSettled(batch_id=batch_id, index=index, record_id=str(index), state="failed", reason=reason)


@given(VERDICTS, st.integers(1, 24), st.booleans())
def test_each_event_is_there_once_in_the_order_of_its_partition(
    given_: list[tuple[str, int, int]], partitions: int, many: bool
) -> None:
    wanted = [(batch, index, size % 40) for batch, index, size in given_] * 12 if many else given_
    events = [verdict(batch, index, "x" * size) for batch, index, size in wanted]
    encoder, at = Encoder("tests"), now()
    messages = (
        list(bundled(events, OUTCOMES.name, partitions, lambda event: encoder.headers(event, "", at))) if events else []
    )
    assert sum(message.events for message in messages) == len(events)
    found: dict[int, list[RecordSettled]] = {}
    for message, positions in packed(messages, range(len(messages))):
        inside = events_in(OnTheWire(message.value, message.headers, OUTCOMES.name), OUTCOMES)
        assert len(inside) == sum(messages[position].events for position in positions) <= MOST_PARTS
        assert len(inside) == 1 or len(message.value or b"") < MOST_BYTES + 1_000
        there = partition_of(message.key or b"", partitions)
        assert {partition_of(event.key().encode(), partitions) for event in inside} == {there}
        found.setdefault(there, []).extend(inside)  # type: ignore[arg-type]
    for partition, some in found.items():
        alone = [event for event in events if partition_of(event.key().encode(), partitions) == partition]
        # Of one batch and chunk, which is what has an order.
        for kind in {event.key() for event in alone}:
            assert [event for event in some if event.key() == kind] == [event for event in alone if event.key() == kind]


def test_verdicts_of_one_chunk_are_one_message() -> None:
    events = [verdict("b", index) for index in range(MOST_PARTS)]
    (message,) = bundled(events, OUTCOMES.name, 6, lambda event: ())
    assert (message.events, message.key) == (MOST_PARTS, b"b:0")
