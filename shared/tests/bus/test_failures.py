"""What becomes of a record whose handler fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from shared.bus import Bus, Parked, Received
from shared.errors import Fatal, RecordsmithError, Rejected, Retryable
from shared.events import Event, PromptPrepared, RecordSettled
from shared.settings import KafkaSettings
from shared.topics import OUTCOMES
from structlog.testing import capture_logs

from shared.tests.bus.scene import (
    TYPE_HEADER,
    a_topic,
    create,
    dead_letters_of,
    engines_of,
    events_of,
    eventually,
    everything_in,
    prompts,
    publish_raw,
    result_of,
    results_of,
    running,
    worked_off,
)

Prompt = Received[PromptPrepared]


class Scripted:
    """A handler that fails as told: by record index, how often and with what."""

    def __init__(self, errors: dict[int, list[Exception]]) -> None:
        self.errors = errors
        self.attempts: list[tuple[int, int, str]] = []

    async def handle(self, received: Prompt) -> AsyncIterator[Event]:
        index = received.event.index
        self.attempts.append((index, received.attempt, received.topic))
        if self.errors.get(index):
            raise self.errors[index].pop(0)
        yield result_of(received.event)


def failure_of(received: Prompt, error: RecordsmithError, attempts: int) -> Event:
    """The failure event of the tests: how often it was tried is in it."""
    event = received.event
    return RecordSettled(
        batch_id=event.batch_id,
        index=event.index,
        record_id=event.record_id,
        state="failed",
        attempts=attempts,
        category=error.category,
        reason=str(error),
    )


async def verdicts_of(settings: KafkaSettings, batch: str) -> dict[int, RecordSettled]:
    """Failure events by record."""
    events = await events_of(settings, OUTCOMES, batch)
    return {event.index: event for event in events if isinstance(event, RecordSettled)}


async def test_a_retryable_record_goes_through_the_retry_topics_and_succeeds(kafka: KafkaSettings) -> None:
    topic = a_topic(retries=(20.0, 40.0))
    await create(kafka, topic)
    batch = prompts(20)
    script = Scripted({3: [Retryable("busy", category="rate_limit"), Retryable("still busy", category="rate_limit")]})
    bus = Bus(kafka, "retrying")
    bus.on(topic, handler=script.handle, failed=failure_of)
    started = time.monotonic()
    async with running(bus):
        await bus.publish_many(batch, topic=topic)
        await eventually(lambda: len(script.attempts) == 22)
        await worked_off(bus, kafka, topic)
        await eventually(lambda: not any(engine.unfinished for engine in engines_of(bus)))
    # 20 s and 40 s, scaled to a hundredth by the test's settings.
    assert time.monotonic() - started >= 0.6
    hops = [(attempt, where) for index, attempt, where in script.attempts if index == 3]
    assert hops == [(1, topic.name), (2, topic.retry[0].name), (3, topic.retry[1].name)]
    assert {event.index for event in await results_of(kafka, batch[0].batch_id)} == set(range(20))
    (hop,) = await everything_in(kafka, topic.retry[1])
    told = dict(hop.headers)
    assert hop.value == batch[3].model_dump_json().encode()
    assert hop.key == batch[3].key().encode()
    assert told["rs_reason"] == b"rate_limit: busy"
    assert told["rs_origin_topic"] == topic.name.encode()
    assert told["ce_id"] == batch[3].event_id().encode()


async def test_an_exhausted_record_fails_with_the_number_of_its_attempts(kafka: KafkaSettings) -> None:
    topic = a_topic(retries=(5.0, 5.0))
    await create(kafka, topic)
    batch = prompts(3)
    script = Scripted({1: [Retryable(f"busy {n}", category="network") for n in range(5)]})
    bus = Bus(kafka, "exhausted")
    bus.on(topic, handler=script.handle, failed=failure_of)
    async with running(bus):
        await bus.publish_many(batch, topic=topic)
        await eventually(lambda: len(script.attempts) == 5)
        await worked_off(bus, kafka, topic)
        await eventually(lambda: not any(engine.unfinished for engine in engines_of(bus)))
    verdicts = await verdicts_of(kafka, batch[0].batch_id)
    assert {index: (one.attempts, one.category, one.reason) for index, one in verdicts.items()} == {
        1: (3, "network", "busy 2")
    }


async def test_a_long_wait_skips_shorter_retry_topics(kafka: KafkaSettings) -> None:
    topic = a_topic(retries=(1.0, 10.0, 20.0))
    await create(kafka, topic)
    script = Scripted({0: [Retryable("come back in 10 s", retry_after_s=10.0)]})
    bus = Bus(kafka, "patient")
    bus.on(topic, handler=script.handle)
    async with running(bus):
        await bus.publish(prompts(1)[0], topic=topic)
        await eventually(lambda: len(script.attempts) == 2)
    assert script.attempts[1][2] == topic.retry[1].name


async def test_subscriptions_that_share_retry_topics_take_their_own_records_only(kafka: KafkaSettings) -> None:
    first = a_topic(retries=(5.0,))
    second = a_topic()
    second = type(second)(second.name, second.events, second.key, (), (), second.partitions, {}, first.retry)
    await create(kafka, first, second)
    busy = Retryable("busy")
    one, other = Scripted({0: [busy]}), Scripted({0: [busy], 1: [busy]})
    bus = Bus(kafka, "sharing")
    bus.on(first, handler=one.handle)
    bus.on(second, handler=other.handle)
    async with running(bus):
        await bus.publish_many(prompts(2), topic=first)
        await bus.publish_many(prompts(2), topic=second)
        await eventually(lambda: len(one.attempts) == 3 and len(other.attempts) == 4)
        await asyncio.sleep(0.3)
    assert (len(one.attempts), len(other.attempts)) == (3, 4)


async def test_a_rejected_record_fails_at_once_and_the_others_go_on(kafka: KafkaSettings) -> None:
    topic = a_topic(retries=(5.0,))
    await create(kafka, topic)
    batch = prompts(10)
    script = Scripted({4: [Rejected("no such field", category="validation")]})
    bus = Bus(kafka, "rejecting")
    bus.on(topic, handler=script.handle, failed=failure_of)
    async with running(bus):
        await bus.publish_many(batch, topic=topic)
        await worked_off(bus, kafka, topic)
    verdicts = await verdicts_of(kafka, batch[0].batch_id)
    assert {index: (one.attempts, one.category) for index, one in verdicts.items()} == {4: (1, "validation")}
    assert len(await results_of(kafka, batch[0].batch_id)) == 9


async def test_an_unknown_exception_is_a_bug_of_that_record_and_its_text_stays_inside(kafka: KafkaSettings) -> None:
    topic = a_topic()
    await create(kafka, topic)
    batch = prompts(3)
    script = Scripted({1: [KeyError("alice@example.com")]})
    bus = Bus(kafka, "buggy")
    bus.on(topic, handler=script.handle, failed=failure_of)
    trace_id = uuid4().hex
    with capture_logs() as logs:
        async with running(bus):
            await bus.publish_many([(event, f"00-{trace_id}-{'1' * 16}-01") for event in batch], topic=topic)
            await worked_off(bus, kafka, topic)
    verdict = (await verdicts_of(kafka, batch[0].batch_id))[1]
    assert (verdict.category, verdict.reason) == ("bug", "the handler failed with KeyError")
    (line,) = [line for line in logs if line["log_level"] == "error"]
    assert (line["exception"], line["trace_id"]) == ("KeyError", trace_id)
    assert "alice" not in str(logs)


async def test_without_a_failure_event_a_failed_record_is_a_dead_letter(kafka: KafkaSettings) -> None:
    topic = a_topic()
    await create(kafka, topic)
    batch = prompts(3)
    script = Scripted({0: [Rejected("never", category="crm")], 1: [ValueError("secret")]})
    bus = Bus(kafka, "burying")
    bus.on(topic, handler=script.handle, failed=lambda received, error, attempts: None)
    async with running(bus):
        await bus.publish_many(batch, topic=topic)
        await worked_off(bus, kafka, topic)
    buried = {record.value: dict(record.headers) for record in await dead_letters_of(kafka, topic)}
    assert buried[batch[0].model_dump_json().encode()]["dl_reason"] == b"crm"
    assert buried[batch[1].model_dump_json().encode()]["dl_reason"] == b"bug"
    assert b"secret" not in str(buried).encode()


async def test_a_result_too_large_for_kafka_fails_its_record_only(kafka: KafkaSettings) -> None:
    topic = a_topic()
    await create(kafka, topic)
    batch = prompts(5)

    async def verbose(received: Prompt) -> AsyncIterator[Event]:
        answer = "x" * 1_200_000 if received.event.index == 2 else "short"
        yield result_of(received.event).model_copy(update={"answer": answer})

    bus = Bus(kafka, "verbose")
    bus.on(topic, handler=verbose, failed=failure_of)
    async with running(bus):
        await bus.publish_many(batch, topic=topic)
        await worked_off(bus, kafka, topic)
    assert {event.index for event in await results_of(kafka, batch[0].batch_id)} == {0, 1, 3, 4}
    assert set(await verdicts_of(kafka, batch[0].batch_id)) == {2}


async def test_a_fatal_error_stops_the_subscription_and_commits_nothing_past_it(kafka: KafkaSettings) -> None:
    topic, healthy = a_topic(partitions=1), a_topic(partitions=1)
    await create(kafka, topic, healthy)
    script, other = Scripted({5: [Fatal("the key was revoked", category="auth")]}), Scripted({})
    bus = Bus(kafka, "fatal")
    bus.on(topic, handler=script.handle)
    bus.on(healthy, handler=other.handle)
    async with running(bus):
        await bus.publish_many(prompts(10), topic=topic)
        await eventually(lambda: not bus.ready[0])
        assert "the key was revoked" in bus.ready[1][f"fatal.{topic.name}"]
        await bus.publish_many(prompts(10), topic=topic)
        await bus.publish_many(prompts(10), topic=healthy)
        await eventually(lambda: len(other.attempts) == 10)
    assert await dead_letters_of(kafka, topic) == []

    again = Scripted({})
    bus = Bus(kafka, "fatal")
    bus.on(topic, handler=again.handle)
    async with running(bus):
        await worked_off(bus, kafka, topic)
    indices = [index for index, _, _ in again.attempts]
    assert 5 in indices
    assert len(script.attempts) + len(indices) == 21, "only the failing record runs twice"


async def test_a_parked_record_waits_without_a_slot_until_it_is_released(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    plans: set[str] = set()
    done: list[str] = []

    async def needs_plan(received: Prompt) -> AsyncIterator[Event]:
        if received.event.batch_id not in plans:
            raise Parked(received.event.batch_id)
        done.append(received.event.batch_id)
        yield result_of(received.event)

    bus = Bus(kafka, "parking")
    bus.on(topic, handler=needs_plan, max_in_flight=2)
    async with running(bus):
        await bus.publish_many(prompts(20, "unknown"), topic=topic)
        await bus.publish_many(prompts(20, "known"), topic=topic)
        plans.add("known")
        bus.release("known")
        await eventually(lambda: done.count("known") == 20)
        assert engines_of(bus)[0].parked == 20
        plans.add("unknown")
        bus.release("unknown")
        await worked_off(bus, kafka, topic)
    assert sorted(done) == ["known"] * 20 + ["unknown"] * 20


async def test_a_record_parked_for_too_long_is_retried(kafka: KafkaSettings) -> None:
    topic = a_topic(retries=(5.0,))
    await create(kafka, topic)
    batch = prompts(2)
    attempts: list[int] = []

    async def waits(received: Prompt) -> AsyncIterator[Event]:
        attempts.append(received.attempt)
        raise Parked("never", timeout_s=0.1)
        yield received.event

    bus = Bus(kafka, "expiring")
    bus.on(topic, handler=waits, failed=failure_of)
    async with running(bus):
        await bus.publish_many(batch, topic=topic)
        await worked_off(bus, kafka, topic)
        await eventually(lambda: len(attempts) == 4 and not any(engine.unfinished for engine in engines_of(bus)))
    verdicts = await verdicts_of(kafka, batch[0].batch_id)
    assert {index: (one.attempts, one.category) for index, one in verdicts.items()} == {
        0: (2, "timeout"),
        1: (2, "timeout"),
    }


async def test_parked_records_are_not_committed_when_the_service_stops(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)

    async def parks(received: Prompt) -> AsyncIterator[Event]:
        raise Parked("later")
        yield received.event

    bus = Bus(kafka, "stopping")
    bus.on(topic, handler=parks)
    async with running(bus):
        await bus.publish_many(prompts(5), topic=topic)
        await eventually(lambda: engines_of(bus)[0].parked == 5)
    script = Scripted({})
    bus = Bus(kafka, "stopping")
    bus.on(topic, handler=script.handle)
    async with running(bus):
        await worked_off(bus, kafka, topic)
    assert len(script.attempts) == 5


async def test_a_retry_record_without_its_origin_is_a_dead_letter(kafka: KafkaSettings) -> None:
    topic = a_topic(partitions=1, retries=(1.0,))
    await create(kafka, topic)
    value = prompts(1)[0].model_dump_json().encode()
    await publish_raw(kafka, topic.retry[0], [(b"k", value, TYPE_HEADER)])
    script = Scripted({})
    bus = Bus(kafka, "strays")
    bus.on(topic, handler=script.handle)
    async with running(bus):
        for _ in range(100):
            if await dead_letters_of(kafka, topic):
                break
    (record,) = await dead_letters_of(kafka, topic)
    assert dict(record.headers)["dl_reason"] == b"missing_header"
    assert script.attempts == []


@pytest.mark.parametrize("wait_s", [0.0, 0.3])
async def test_stopping_finishes_and_commits_what_runs(kafka: KafkaSettings, wait_s: float) -> None:
    topic = a_topic(partitions=1)
    await create(kafka, topic)
    started: list[int] = []

    async def slow(received: Prompt) -> AsyncIterator[Event]:
        started.append(received.event.index)
        await asyncio.sleep(wait_s)
        yield result_of(received.event)

    batch = prompts(50)
    bus = Bus(kafka, "draining")
    bus.on(topic, handler=slow)
    async with running(bus):
        await bus.publish_many(batch, topic=topic)
        await eventually(lambda: len(started) == 50)
    assert len(await results_of(kafka, batch[0].batch_id)) == 50
    bus = Bus(kafka, "draining")
    bus.on(topic, handler=slow)
    async with running(bus):
        await asyncio.sleep(0.3)
    assert len(started) == 50, "nothing is handled again"
