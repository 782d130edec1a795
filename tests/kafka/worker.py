"""A service that a test may kill: handles prompts as slowly as they say, and writes down what it starts and finishes.

`python -m tests.kafka.worker --bootstrap … --topic … --log …`; SIGTERM stops it in good order.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from collections.abc import AsyncIterator

from shared.bus import Bus, Received
from shared.events import Event, PromptPrepared, PromptsPrepared, RecordGenerated
from shared.settings import KafkaSettings
from shared.topics import Topic


async def work(received: Received[PromptPrepared], log: int) -> AsyncIterator[Event]:
    """Wait as long as the record says, then answer."""
    event = received.event
    note(log, "start", event.index)
    await asyncio.sleep(event.values["seconds"])
    yield RecordGenerated(batch_id=event.batch_id, index=event.index, record_id=event.record_id)
    note(log, "done", event.index)


def note(log: int, what: str, index: object) -> None:
    """One unbuffered line: it must survive kill -9."""
    os.write(log, f"{what} {index}\n".encode())


async def main() -> None:
    """Consume until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--in-flight", type=int, default=32)
    parser.add_argument("--drain", type=float, default=25.0)
    chosen = parser.parse_args()
    log = os.open(chosen.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    topic = Topic(chosen.topic, (PromptPrepared, PromptsPrepared), "event_id", (), (), 0)
    bus = Bus(KafkaSettings(bootstrap_servers=chosen.bootstrap, drain_s=chosen.drain), "kafka-worker")
    bus.on(topic, handler=work, max_in_flight=chosen.in_flight, log=log)
    await bus.start()
    note(log, "ready", os.getpid())
    await stopping.wait()
    await bus.stop()
    note(log, "stopped", os.getpid())


if __name__ == "__main__":
    asyncio.run(main())
