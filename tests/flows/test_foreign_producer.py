"""Another system, with nothing but the documented schema, gets what the HTTP call gets; a vandal gets dead letters."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.fakes.llm_server import FakeLLM
from tests.flows.conftest import rows_batch
from tests.running import Running

EXAMPLES = Path(__file__).parents[2] / "shared" / "examples"
DEAD_LETTERS = "dead-letters.v1"

Headers = list[tuple[str, bytes]]


def produce(system: Running, topic: str, messages: list[tuple[bytes | None, bytes | None, Headers]]) -> None:
    async def send() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=system.run_file()["bootstrap_servers"], acks="all")
        await producer.start()
        for key, value, headers in messages:
            await producer.send_and_wait(topic, value, key=key, headers=headers)
        await producer.stop()

    asyncio.run(send())


def with_consumer(system: Running, work: Callable[[AIOKafkaConsumer], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        servers = system.run_file()["bootstrap_servers"]
        consumer = AIOKafkaConsumer(bootstrap_servers=servers, group_id=None, max_partition_fetch_bytes=4_000_000)
        await consumer.start()
        try:
            return await work(consumer)
        finally:
            await consumer.stop()

    return asyncio.run(run())


def ends(system: Running) -> dict[int, int]:
    async def ask(consumer: AIOKafkaConsumer) -> dict[int, int]:
        partitions = [TopicPartition(DEAD_LETTERS, number) for number in range(6)]
        return {partition.partition: end for partition, end in (await consumer.end_offsets(partitions)).items()}

    found: dict[int, int] = with_consumer(system, ask)
    return found


def letters_since(system: Running, start: dict[int, int], count: int) -> list[Any]:
    async def read(consumer: AIOKafkaConsumer) -> list[Any]:
        partitions = [TopicPartition(DEAD_LETTERS, number) for number in start]
        consumer.assign(partitions)
        for partition in partitions:
            consumer.seek(partition, start[partition.partition])
        found: list[Any] = []
        while len(found) < count:
            for messages in (await asyncio.wait_for(consumer.getmany(timeout_ms=500), 20)).values():
                found += messages
        return found

    return list(with_consumer(system, read))


def example(topic: str, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((EXAMPLES / topic / f"{name}.json").read_text())
    return content


def test_a_command_published_by_another_system_is_a_batch_like_any_other(system: Running, llm: FakeLLM) -> None:
    command = example("batches.commands.v1", "batch-submitted-rows")
    batch_id = str(uuid.uuid4())
    value = command["value"] | {"batch_id": batch_id, "batch": rows_batch("foreign", 12)}
    headers = [(name, text.encode()) for name, text in command["headers"].items() if name != "ce_id"]
    produce(system, "batches.commands.v1", [(batch_id.encode(), json.dumps(value).encode(), headers)])
    system.until(lambda: system.http.get(f"/api/batches/{batch_id}").status_code == 200, 20, "the batch is not known")
    done = system.wait(batch_id)
    assert (done["state"], done["counts"]["generated"]) == ("completed", 12)
    assert sum(llm.calls().values()) == 12


def test_the_same_command_twice_is_one_batch(system: Running, llm: FakeLLM) -> None:
    command = example("batches.commands.v1", "batch-submitted-rows")
    batch_id = str(uuid.uuid4())
    value = json.dumps(command["value"] | {"batch_id": batch_id, "batch": rows_batch("doubled", 7)}).encode()
    headers = [(name, text.encode()) for name, text in command["headers"].items()]
    produce(system, "batches.commands.v1", [(batch_id.encode(), value, headers)] * 2)
    system.until(lambda: system.http.get(f"/api/batches/{batch_id}").status_code == 200, 20, "the batch is not known")
    assert system.wait(batch_id)["counts"]["generated"] == 7
    assert sum(llm.calls().values()) == 7


def test_poison_reaches_the_dead_letters_as_it_was_and_the_rest_flows(system: Running) -> None:
    start = ends(system)
    good = [(name, text.encode()) for name, text in example("prompts.bulk.v1", "prompt-prepared")["headers"].items()]
    unknown = [(name, b"no.such.type.v9" if name == "ce_type" else value) for name, value in good]
    poison: list[tuple[bytes | None, bytes | None, Headers]] = [
        (b"k1", b"{not json", good),
        (b"k2", None, good),
        (b"k3", b'{"batch_id": 7}', good),
        (b"k4", b"{}", unknown),
        (b"k5", b"\xff\xfe", [("ce_type", b"\xff\xfe")]),
        (b"k6", b"[" * 50_000 + b"]" * 50_000, good),
        (b"k7", b'{"pad": "' + b"x" * 900_000 + b'"}', good),
    ]
    for topic in ("prompts.bulk.v1", "results.v1", "outcomes.v1", "batches.commands.v1"):
        produce(system, topic, poison)
    readers = 5  # one of each topic, and two of the commands: gateway and schema-svc
    letters = letters_since(system, start, len(poison) * readers)
    values = [letter.value for letter in letters]
    for _, value, _ in poison:
        assert values.count(value) == readers
    for letter in letters:
        told = dict(letter.headers)
        assert told["dl_reason"]
        assert told["dl_topic"]
    assert system.wait(system.submit(rows_batch("after poison", 5)))["counts"]["generated"] == 5


def test_a_dead_letter_can_be_listed_and_replayed(system: Running) -> None:
    start = ends(system)
    produce(system, "outcomes.v1", [(b"replay-me", b"{broken", [])])
    letters_since(system, start, 1)
    listed = system.http.get("/api/dead-letters", params={"limit": 5}).raise_for_status().json()["items"]
    newest = listed[0]
    assert newest["topic"] == "outcomes.v1"
    assert newest["reason"]
    before = ends(system)
    answer = system.http.post("/api/dead-letters/replay", json={"ids": [newest["id"]]})
    assert answer.json() == {"replayed": [newest["id"]], "not_replayed": []}
    assert letters_since(system, before, 1)[0].value == b"{broken"
