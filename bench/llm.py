"""`make bench-llm`: how close 2,000 calls of 200 ms come to their ideal at 64 and 256 at a time.

Efficiency = records × latency ÷ concurrency ÷ wall time. The peer is a bare aiohttp client with a semaphore in the same
run: what the machine and the loopback server allow.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import aiohttp

from bench.batches import prompts_without_a_crm, seconds_for
from bench.report import Figure, interleaved, middle, report, sized
from tests.fakes.llm_server import FakeLLM, fake_llm
from tests.kafka.running import apache_kafka
from tests.running import running

RECORDS = 2_000
LATENCY_S = 0.2
ROUNDS = 3


def bare(llm: FakeLLM, records: int, concurrency: int) -> float:
    """Wall time of the same calls with aiohttp and nothing around them."""

    async def calls() -> float:
        limit = asyncio.Semaphore(concurrency)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def call(number: int) -> None:
                body = {"model": "m", "messages": [{"role": "user", "content": f"bare {number}"}]}
                async with limit, session.post(f"{llm.base_url}/chat/completions", json=body) as answer:
                    await answer.json()

            began = time.perf_counter()
            await asyncio.gather(*(call(number) for number in range(records)))
            return time.perf_counter() - began

    return asyncio.run(calls())


def efficiency(bootstrap_servers: str, concurrency: int) -> Figure:
    """Ours against bare, in turn, with one system per concurrency."""
    records = sized(RECORDS)
    models = [{"provider": "openai", "model": "gpt-4o-mini"}]
    ideal = records * LATENCY_S / concurrency
    with tempfile.TemporaryDirectory() as folder, fake_llm(LATENCY_S) as llm:
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers, "OPENAI_API_KEY": "x", "OPENAI_BASE_URL": llm.base_url,
            "AI_MAX_CONCURRENCY": str(concurrency),
        }  # fmt: skip
        with running(Path(folder) / "d", "--org", "empty", environment=environment) as system:
            # Connections are open, and the broker has compiled what it runs.
            seconds_for(system, prompts_without_a_crm(records, models))
            ours, raw = interleaved(
                ROUNDS,
                lambda: ideal / seconds_for(system, prompts_without_a_crm(records, models)),
                lambda: ideal / bare(llm, records, concurrency),
            )
    return Figure.of(
        f"llm_efficiency_c{concurrency}", middle(ours), "of ideal", against="bare aiohttp", against_value=middle(raw),
        n=records, full_n=RECORDS,
    )  # fmt: skip


def main() -> None:
    """Run both and report."""
    with apache_kafka() as bootstrap_servers:
        report([efficiency(bootstrap_servers, concurrency) for concurrency in (64, 256)])


if __name__ == "__main__":
    main()
