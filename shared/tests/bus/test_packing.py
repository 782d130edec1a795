"""Events that leave together travel in one record, and are handled, parked, retried and buried one by one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared.bus import Bus, Collect, Parked, Received
from shared.bus.claims import Claim
from shared.bus.codec import Message
from shared.bus.encoder import Encoder, now
from shared.bus.engine import InFlightEngine
from shared.bus.packing import MOST_BYTES, MOST_PARTS, events_in, packed
from shared.errors import Rejected, Retryable
from shared.events import Event, PromptPrepared, PromptsPrepared, RecordGenerated
from shared.settings import KafkaSettings
from shared.topics import PROMPTS_BULK, RESULTS

from shared.tests.bus.group_double import TOPIC, Group, HandRunner, Member
from shared.tests.bus.group_double import Record as Delivered
from shared.tests.bus.scene import (
    Headers,
    OnTheWire,
    a_topic,
    create,
    dead_letters_of,
    engines_of,
    events_of,
    everything_in,
    prompts,
    publish_raw,
    result_of,
    results_of,
    running,
    worked_off,
)
from shared.tests.bus.virtual_time import run

KEPT = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def encoded(events: list[tuple[PromptPrepared, str | None]]) -> list[Message]:
    encoder = Encoder("tests")
    return [encoder.encode(event, PROMPTS_BULK.name, parent, now(), together=True) for event, parent in events]


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([None, KEPT]), st.integers(0, MOST_BYTES // 4)),
        max_size=40,
    ),
    st.booleans(),
)
def test_neighbours_travel_together_and_order_stays(given_: list[tuple[str, str | None, int]], many: bool) -> None:
    wanted = given_ * 8 if many and all(size < 100 for _, _, size in given_) else given_
    events = [
        (PromptPrepared(batch_id=batch, index=n, record_id="r", values={"text": "x" * size}), parent)
        for n, (batch, parent, size) in enumerate(wanted)
    ]
    found, seen = [], []
    for message, positions in packed(encoded(events), range(len(events))):
        inside = events_in(OnTheWire(message.value, message.headers), PROMPTS_BULK)
        found += inside
        seen += positions
        assert len(inside) == len(positions) <= MOST_PARTS
        assert len(positions) == 1 or len(message.value or b"") < MOST_BYTES + 1_000
        assert len({(one.batch_id, parent) for one, parent in (events[at] for at in positions)}) <= 1
        assert len(positions) == 1 or events[positions[0]][1] is None, "a trace that is kept travels alone"
    assert seen == list(range(len(events)))
    assert found == [event for event, _ in events]


def test_what_belongs_together_is_not_torn_apart() -> None:
    messages = encoded([(event, None) for event in prompts(MOST_PARTS + 1)])
    assert [len(positions) for _, positions in packed(messages, range(len(messages)))] == [MOST_PARTS, 1]


@given(st.lists(st.sampled_from(["done", "park", "abandon"]), min_size=1, max_size=12), st.randoms())
def test_a_record_is_done_when_all_its_parts_are(ends: list[str], order: object) -> None:
    async def scene() -> None:
        group = Group({(TOPIC, 0): 1})
        member, runner = Member(group, 0), HandRunner()
        engine = InFlightEngine("parts", member, runner, max_in_flight=4, commit_interval_s=0.25, drain_s=1.0)
        await engine.assigned([(TOPIC, 0)])
        await engine.intake([Delivered(0, 0)])
        whole = runner.claims.pop()
        carried = PromptsPrepared(batch_id="b", prompts=prompts(len(ends), "b"))
        shares = whole.shared_out(Received(carried, {}, TOPIC, 0, 0, 1, None))
        assert engine.in_flight == len(ends)
        finished = list(zip((claim for claim, _ in shares), ends, strict=True))
        order.shuffle(finished)  # type: ignore[attr-defined]  # a random.Random
        for claim, end in finished:
            assert engine.unfinished == 1
            _end(claim, end)
        assert engine.in_flight == 0
        assert engine.parked == ends.count("park")
        engine.release("later")
        assert len(runner.claims) == min(ends.count("park"), 4)
        while runner.claims:
            runner.finish(0)
        assert engine.unfinished == (1 if "abandon" in ends else 0)

    run(scene())


def _end(claim: Claim, end: str) -> None:
    if end == "done":
        claim.done()
    elif end == "park":
        claim.park("later", None)
    else:
        claim.abandon()


async def test_a_part_fails_alone(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1, retries=(1.0,))
    await create(kafka, topic)
    batch = prompts(40)
    tries: Counter[int] = Counter()

    async def handle(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        index = received.event.index
        tries[index] += 1
        if index == 3:
            raise Rejected("it is no good", category="validation")
        if index == 5 and received.attempt == 1:
            raise Retryable("busy", category="rate_limit")
        yield result_of(received.event)

    bus = Bus(kafka, "parts")
    bus.on(topic, handler=handle)
    async with running(bus):
        await bus.publish_many(batch, topic=topic, together=True)
        await eventually_done(bus, tries, 41)
        await worked_off(bus, kafka, topic)
    assert len(await everything_in(kafka, topic)) == 1
    assert {event.index for event in await results_of(kafka, batch[0].batch_id)} == set(range(40)) - {3}
    assert tries == Counter({**dict.fromkeys(range(40), 1), 5: 2})
    (again,) = await everything_in(kafka, topic.retry[0])
    assert again.value == batch[5].model_dump_json().encode()
    assert dict(again.headers)["ce_type"] == PromptPrepared.type.encode()
    assert dict(again.headers)["ce_id"] == batch[5].event_id().encode()
    (letter,) = await dead_letters_of(kafka, topic)
    assert letter.value == batch[3].model_dump_json().encode()


async def test_parts_wait_for_their_plan_and_run_once(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    batch, released = prompts(30), asyncio.Event()
    begun: Counter[int] = Counter()

    async def handle(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        if received.event.index % 2 and not released.is_set():
            raise Parked("plan")
        begun[received.event.index] += 1
        yield result_of(received.event)

    bus = Bus(kafka, "waiting-parts")
    bus.on(topic, handler=handle)
    async with running(bus):
        await bus.publish_many(batch, topic=topic, together=True)
        await eventually_done(bus, begun, 15)
        assert sum(engine.parked for engine in engines_of(bus)) == 15
        released.set()
        bus.release("plan")
        await worked_off(bus, kafka, topic)
    assert begun == Counter(range(30))


async def test_parts_join_the_groups_of_their_key(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    sizes: list[int] = []

    async def write(group: list[Received[PromptPrepared]]) -> AsyncIterator[Event]:
        sizes.append(len(group))
        for one in group:
            yield result_of(one.event)

    bus = Bus(kafka, "parts-in-groups")
    bus.on_many(topic, handler=write, collect=Collect(lambda event: event.batch_id, size=25, linger_s=0.2))
    batch = prompts(60)
    async with running(bus):
        await bus.publish_many(batch, topic=topic, together=True)
        await worked_off(bus, kafka, topic)
    assert sizes == [25, 25, 10]
    assert {event.index for event in await results_of(kafka, batch[0].batch_id)} == set(range(60))


async def test_a_group_that_cannot_be_read_is_buried_whole_and_the_rest_flows(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    (good,) = prompts(1)
    kind: Headers = (("ce_type", PromptsPrepared.type.encode()),)
    empty = b'{"batch_id": "b", "prompts": []}'
    mixed = b'{"batch_id": "b", "prompts": [{"batch_id": "another", "index": 0, "record_id": "r", "values": {}}]}'
    await publish_raw(kafka, topic, [(b"k", mixed, kind), (b"k", empty, kind)])

    async def handle(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        yield result_of(received.event)

    bus = Bus(kafka, "unreadable-groups")
    bus.on(topic, handler=handle)
    async with running(bus):
        await bus.publish(good, topic=topic)
        await worked_off(bus, kafka, topic)
    assert [letter.value for letter in await dead_letters_of(kafka, topic)] == [
        mixed,
        b'{"batch_id": "b", "prompts": []}',
    ]
    assert len(await results_of(kafka, good.batch_id)) == 1


@pytest.mark.parametrize("parts", [1, 3])
async def test_results_of_one_turn_travel_together(kafka: KafkaSettings, parts: int) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)

    async def handle(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        event = received.event
        yield RecordGenerated(batch_id=event.batch_id, index=event.index, record_id="one", external_id="one")

    bus, batch = Bus(kafka, f"together-{parts}"), prompts(parts)
    bus.on(topic, handler=handle)
    async with running(bus):
        await bus.publish_many(batch, topic=topic, together=True)
        await worked_off(bus, kafka, topic)
    assert [event.index for event in await events_of(kafka, RESULTS, batch[0].batch_id)] == list(range(parts))


async def eventually_done(bus: Bus, counted: Counter[int], total: int) -> None:
    """Return when so many were handled."""
    deadline = asyncio.get_running_loop().time() + 20
    while counted.total() < total and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)
    assert counted.total() >= total
