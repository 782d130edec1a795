"""Members come, go and die under load: nothing is lost, and little is done twice."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shared.bus import Bus, Received
from shared.bus.done_set import decode
from shared.events import Event, PromptPrepared
from shared.settings import KafkaSettings

from tests.kafka.scene import Workers, a_topic, committed_of, eventually, publish_prompts, results_of, workers

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

IN_FLIGHT = 32
SLOW_S = 60.0 if os.environ.get("RECORDSMITH_LONG") else 12.0


def done_by(crew: Workers) -> int:
    return len(set(crew.noted("done")))


async def test_members_join_and_leave_under_load_and_nothing_is_done_twice(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    topic = await a_topic(kafka, 12)
    count = 6_000
    batch = await publish_prompts(kafka, topic, [0.25] * count)
    with workers(kafka, topic, tmp_path) as crew:
        crew.start(in_flight=IN_FLIGHT)
        await eventually(lambda: done_by(crew) > 300, 60, "the first member works")
        second = crew.start(in_flight=IN_FLIGHT)
        await eventually(lambda: len(crew.noted("done", by=second)) > 200, 60, "the second member works")
        third = crew.start(in_flight=IN_FLIGHT)
        await eventually(lambda: len(crew.noted("done", by=third)) > 100, 60, "the third member works")
        second.terminate()
        await eventually(lambda: done_by(crew) == count, 90, "all is done")
        crew.stop()
    results = await results_of(kafka, batch)
    assert set(results) == set(range(count))
    assert sum(results.values()) - count == 0, "joining and leaving in good order repeats nothing"
    assert len(crew.noted("start")) - count == 0


async def test_two_members_are_killed_and_only_what_they_had_in_flight_is_repeated(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    topic = await a_topic(kafka, 12)
    count = 6_000
    batch = await publish_prompts(kafka, topic, [0.25] * count)
    with workers(kafka, topic, tmp_path) as crew:
        first, second, _ = (crew.start(in_flight=IN_FLIGHT) for _ in range(3))
        await eventually(lambda: all(crew.noted("done", by=worker) for worker in crew.all), 90, "all members work")
        await eventually(lambda: done_by(crew) > 800, 60, "there is load")
        first.kill()
        await asyncio.sleep(1)
        second.kill()
        # The group learns of a dead member when its session of 45 s is over.
        await eventually(lambda: done_by(crew) == count, 150, "the survivor has taken over")
        crew.stop()
    results = await results_of(kafka, batch)
    assert set(results) == set(range(count)), "nothing is lost"
    # What each had in flight, and what it had finished since its last commit: records and commits take 250 ms both,
    # and a busy machine may be one commit behind.
    bound = 2 * IN_FLIGHT * 3
    started_twice = sum(times - 1 for times in Counter(crew.noted("start")).values())
    done_twice = sum(results.values()) - count
    print(f"killed twice: {started_twice} started twice, {done_twice} done twice, of {count}")
    assert started_twice <= bound
    assert done_twice <= started_twice


async def test_a_slow_head_delays_nobody_and_is_the_only_one_repeated(kafka: KafkaSettings, tmp_path: Path) -> None:
    topic = await a_topic(kafka, 1)
    count = 3_000
    batch = await publish_prompts(kafka, topic, [SLOW_S, *[0.0] * (count - 1)])
    with workers(kafka, topic, tmp_path) as crew:
        hasty = crew.start(in_flight=IN_FLIGHT, drain_s=0.5)
        await eventually(lambda: crew.noted("ready"), 60, "the member is ready")
        took_s = await eventually(lambda: done_by(crew) == count - 1, SLOW_S - 2, "the others are done before the head")
        assert took_s < SLOW_S - 2
        await asyncio.sleep(0.6)
        ((position, metadata),) = (await committed_of(kafka, f"kafka-worker.{topic.name}")).values()
        assert (position, decode(position, metadata)) == (0, [(1, count)])
        hasty.terminate()
        heir = crew.start(in_flight=IN_FLIGHT)
        await eventually(lambda: crew.noted("done", by=heir) == ["0"], SLOW_S + 60, "the head is done")
        crew.stop()
        assert crew.noted("start", by=heir) == ["0"], "what was finished above it is not repeated"
    assert await results_of(kafka, batch) == Counter(range(count))


async def test_sigterm_lets_running_work_finish_and_commits_it(kafka: KafkaSettings, tmp_path: Path) -> None:
    topic = await a_topic(kafka, 3)
    count = 200
    batch = await publish_prompts(kafka, topic, [1.5] * count)
    with workers(kafka, topic, tmp_path) as crew:
        first = crew.start(in_flight=IN_FLIGHT)
        await eventually(lambda: len(crew.noted("start")) == IN_FLIGHT, 60, "records are in flight")
        first.terminate()
        assert first.process.returncode == 0
        assert sorted(crew.noted("done", by=first)) == sorted(crew.noted("start", by=first))
        crew.start(in_flight=count)
        await eventually(lambda: done_by(crew) == count, 60, "the rest is done")
        crew.stop()
        assert len(crew.noted("start")) == count, "nothing was repeated"
    assert await results_of(kafka, batch) == Counter(range(count))


async def test_a_completion_after_the_partition_was_revoked_never_counts(kafka: KafkaSettings) -> None:
    topic = await a_topic(kafka, 1)
    await publish_prompts(kafka, topic, [0.0] * 5)
    release = [asyncio.Event(), asyncio.Event()]
    tried: list[int] = []
    late: list[str] = []

    async def stubborn(received: Received[PromptPrepared]) -> AsyncIterator[Event]:
        if received.offset == 0:
            attempt = len(tried)
            tried.append(attempt)
            waiting = asyncio.ensure_future(release[min(attempt, 1)].wait())
            while not waiting.done():
                try:
                    await asyncio.shield(waiting)
                except asyncio.CancelledError:
                    late.append("went on although cancelled")
        for nothing in list[Event]():
            yield nothing

    hasty = kafka.model_copy(update={"drain_s": 0.3})
    members = [Bus(hasty, "late"), Bus(hasty, "late")]
    for member in members:
        member.on(topic, handler=stubborn)
    group = f"late.{topic.name}"
    await members[0].start()
    try:
        await eventually(lambda: tried, 30, "the head is being handled")
        await members[1].start()
        await eventually(lambda: len(tried) == 2, 60, "after the rebalance the head is handled again")
        await asyncio.sleep(0.6)
        assert late
        before = await committed_of(kafka, group)
        assert before[0][0] == 0
        release[0].set()
        await asyncio.sleep(1.0)
        assert await committed_of(kafka, group) == before, "the first attempt is nobody's any more"
        release[1].set()
        for _ in range(100):
            if (await committed_of(kafka, group))[0][0] == 5:
                break
            await asyncio.sleep(0.1)
        assert (await committed_of(kafka, group))[0][0] == 5
    finally:
        for member in members:
            await member.stop()
