"""Every replica knows a whole compacted topic before it handles anything else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from shared.bus import Bus, Received
from shared.events import BatchControlled, Event, PromptPrepared
from shared.settings import KafkaSettings

from shared.tests.bus.scene import TYPE_HEADER, Headers, a_topic, create, eventually, prompts, publish_raw, running

COMPACTED = {"cleanup.policy": "compact"}


def controlled(batch: str, state: str) -> bytes:
    return BatchControlled.model_validate({"batch_id": batch, "state": state}).model_dump_json().encode()


async def test_it_is_caught_up_before_the_first_record_is_handled(kafka: KafkaSettings) -> None:
    control, work = a_topic(BatchControlled, partitions=1, config=COMPACTED), a_topic(partitions=1)
    await create(kafka, control, work)
    headers: Headers = (("ce_type", BatchControlled.type.encode()),)
    await publish_raw(
        kafka, control, [(f"b{n}".encode(), controlled(f"b{n}", "running"), headers) for n in range(1_500)]
    )
    known: dict[str, str] = {}
    at_first_record: list[int] = []

    def note(key: str, event: Event | None) -> None:
        if isinstance(event, BatchControlled):
            known[key] = event.state
        else:
            known.pop(key, None)

    async def work_on(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        at_first_record.append(len(known))
        for nothing in list[Event]():
            yield nothing

    bus = Bus(kafka, "following")
    await publish_raw(kafka, work, [(b"k", event.model_dump_json().encode(), TYPE_HEADER) for event in prompts(3)])
    bus.follow(control, note)
    bus.on(work, handler=work_on)
    async with running(bus):
        assert len(known) == 1_500
        await eventually(lambda: len(at_first_record) == 3)
        assert at_first_record == [1_500] * 3
        await publish_raw(kafka, control, [(b"b7", controlled("b7", "paused"), headers), (b"b8", None, headers)])
        await eventually(lambda: known.get("b7") == "paused" and "b8" not in known)


async def test_replicas_follow_independently_and_read_everything(kafka: KafkaSettings) -> None:
    control = a_topic(BatchControlled, partitions=1, config=COMPACTED)
    await create(kafka, control)
    headers: Headers = (("ce_type", BatchControlled.type.encode()),)
    await publish_raw(kafka, control, [(b"b1", controlled("b1", "running"), headers)])
    seen: list[list[str]] = [[], []]

    async def first(key: str, event: Event | None) -> None:
        seen[0].append(key)

    async def second(key: str, event: Event | None) -> None:
        seen[1].append(key)

    replicas = [Bus(kafka, "replica"), Bus(kafka, "replica")]
    replicas[0].follow(control, first)
    replicas[1].follow(control, second)
    async with running(replicas[0]), running(replicas[1]):
        assert seen == [["b1"], ["b1"]]


async def test_what_cannot_be_read_is_passed_over(kafka: KafkaSettings) -> None:
    control = a_topic(BatchControlled, partitions=1, config=COMPACTED)
    await create(kafka, control)
    headers: Headers = (("ce_type", BatchControlled.type.encode()),)
    await publish_raw(kafka, control, [(b"bad", b"{", headers), (b"good", controlled("good", "running"), headers)])
    seen: list[str] = []
    bus = Bus(kafka, "tolerant")
    bus.follow(control, lambda key, event: seen.append(key))
    async with running(bus):
        assert seen == ["good"]


async def test_a_handler_that_fails_while_catching_up_keeps_the_service_from_starting(kafka: KafkaSettings) -> None:
    control = a_topic(BatchControlled, partitions=1, config=COMPACTED)
    await create(kafka, control)
    headers: Headers = (("ce_type", BatchControlled.type.encode()),)
    await publish_raw(kafka, control, [(b"b", controlled("b", "running"), headers)])

    def fail(key: str, event: Event | None) -> None:
        raise ValueError("cannot take that in")

    bus = Bus(kafka, "failing")
    bus.follow(control, fail)
    with pytest.raises(ValueError, match="cannot take that in"):
        await bus.start()
    assert not bus.ready[0]
    await bus.stop()
