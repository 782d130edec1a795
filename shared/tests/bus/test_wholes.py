"""A record of several events may be handled in one go; what cannot be is handled event by event, and none is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared.bus import Bus, Collect, Received
from shared.bus.claims import Claim
from shared.bus.engine import InFlightEngine
from shared.errors import Rejected
from shared.events import Event, PromptPrepared, PromptsPrepared, RecordGenerated
from shared.settings import KafkaSettings

from shared.tests.bus.group_double import TOPIC, Group, HandRunner, Member
from shared.tests.bus.group_double import Record as Delivered
from shared.tests.bus.scene import (
    a_topic,
    create,
    dead_letters_of,
    engines_of,
    everything_in,
    prompts,
    result_of,
    results_of,
    running,
    worked_off,
)
from shared.tests.bus.virtual_time import run

TOO_LARGE = "x" * 1_100_000


class Handlers:
    """Counts who handled what. `refused`: cannot be handled at once; `large`: whose answer is too large."""

    def __init__(self, *, refused: frozenset[int] = frozenset(), large: int = -1, bug: bool = False) -> None:
        self.refused, self.large, self.bug = refused, large, bug
        self.at_once_sizes: list[int] = []
        self.alone: Counter[int] = Counter()

    def at_once(self, received: Received[PromptsPrepared]) -> Sequence[Event] | None:
        events = received.event.prompts
        self.at_once_sizes.append(len(events))
        if self.bug:
            raise KeyError("a bug")
        if self.refused & {event.index for event in events}:
            return None
        return [self._result(event) for event in events]

    async def each(self, received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        self.alone[received.event.index] += 1
        yield self._result(received.event)

    async def many(self, group: list[Received[PromptPrepared]]) -> AsyncIterator[Event]:
        for one in group:
            async for event in self.each(one):
                yield event

    def _result(self, event: PromptPrepared) -> RecordGenerated:
        result = result_of(event)
        return result.model_copy(update={"answer": TOO_LARGE}) if event.index == self.large else result


async def handled(
    kafka: KafkaSettings, handlers: Handlers, batch: list[PromptPrepared], *, groups: bool = False
) -> Bus:
    """Publish the batch in one record, and let it be handled to the end."""
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    bus = Bus(kafka, topic.name)
    if groups:
        collect = Collect[PromptPrepared](lambda event: event.batch_id, size=1_000, linger_s=0.05)
        bus.on_many(topic, handler=handlers.many, collect=collect, at_once=handlers.at_once)
    else:
        bus.on(topic, handler=handlers.each, at_once=handlers.at_once)
    async with running(bus):
        await bus.publish_many(batch, topic=topic, together=True)
        await worked_off(bus, kafka, topic)
        assert [(engine.in_flight, engine.unfinished) for engine in engines_of(bus)] == [(0, 0)]
    assert len(await everything_in(kafka, topic)) == 1
    if handlers.large >= 0:
        assert len(await dead_letters_of(kafka, topic)) == 1


@pytest.mark.parametrize("groups", [False, True])
async def test_the_events_of_a_record_are_handled_in_one_go(kafka: KafkaSettings, groups: bool) -> None:
    handlers, batch = Handlers(), prompts(40)
    await handled(kafka, handlers, batch, groups=groups)
    assert handlers.at_once_sizes == [40]
    assert not handlers.alone
    assert Counter(event.index for event in await results_of(kafka, batch[0].batch_id)) == Counter(range(40))


@pytest.mark.parametrize("groups", [False, True])
@pytest.mark.parametrize("bug", [False, True])
async def test_what_cannot_be_handled_at_once_is_handled_one_by_one(
    kafka: KafkaSettings, groups: bool, bug: bool
) -> None:
    handlers, batch = Handlers(refused=frozenset({7}), bug=bug), prompts(20)
    await handled(kafka, handlers, batch, groups=groups)
    assert handlers.alone == Counter(range(20))
    assert Counter(event.index for event in await results_of(kafka, batch[0].batch_id)) == Counter(range(20))


async def test_a_result_that_no_broker_takes_takes_no_other_with_it(kafka: KafkaSettings) -> None:
    handlers, batch = Handlers(large=3), prompts(10)
    await handled(kafka, handlers, batch)
    assert {event.index for event in await results_of(kafka, batch[0].batch_id)} == set(range(10)) - {3}
    assert handlers.alone == Counter(range(10))


async def test_one_that_is_too_large_is_refused_and_the_others_are_published(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=3)
    await create(kafka, topic)
    batch = prompts(30)
    batch[4] = batch[4].model_copy(update={"values": {"text": TOO_LARGE}})
    bus, seen = Bus(kafka, "too-large"), Counter[int]()

    async def handle(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        seen[received.event.index] += 1
        yield result_of(received.event)

    bus.on(topic, handler=handle)
    async with running(bus):
        with pytest.raises(Rejected):
            await bus.publish_many(batch, topic=topic, together=True)
        await worked_off(bus, kafka, topic)
    assert set(seen) == set(range(30)) - {4}


@given(st.integers(1, 12), st.sampled_from(["done", "abandon", "shared out"]), st.integers(1, 3))
def test_a_whole_takes_a_slot_for_each_of_its_events(events: int, end: str, limit: int) -> None:
    async def scene() -> None:
        group = Group({(TOPIC, 0): 4})
        member, runner = Member(group, 0), HandRunner()
        engine = InFlightEngine("wholes", member, runner, max_in_flight=limit, commit_interval_s=0.25, drain_s=1.0)
        await engine.assigned([(TOPIC, 0)])
        await engine.intake([Delivered(0, 0)])
        whole = runner.claims.pop()
        whole.widen(events)
        assert engine.in_flight == events
        await engine.intake([Delivered(0, 1)])
        assert len(runner.claims) == (1 if events < limit else 0), "a full engine takes nothing more"
        _end(whole, end, events)
        while runner.claims:
            runner.finish(0)
        assert engine.in_flight == 0
        assert engine.unfinished == (1 if end == "abandon" else 0)

    run(scene())


def _end(whole: Claim, end: str, events: int) -> None:
    if end == "done":
        whole.done()
    elif end == "abandon":
        whole.abandon()
    else:
        carried = PromptsPrepared(batch_id="b", prompts=prompts(events, "b"))
        for share, _ in whole.shared_out(Received(carried, {}, TOPIC, 0, 0, 1, None)):
            share.done()
