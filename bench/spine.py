"""`make bench-spine`: three hops with an instant LLM, the ledger on, on a real Apache Kafka on the same cores.

Figures: records per second against the raw aiokafka ceiling, the largest memory of a service over 1,000,000 records,
and how long a small batch takes behind a large one.
"""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

from bench.batches import SCRIPTED, prompts_without_a_crm, seconds_for
from bench.raw_kafka import three_hops
from bench.report import Figure, interleaved, middle, report, sized
from tests.fakes.llm_server import fake_llm
from tests.kafka.running import apache_kafka
from tests.running import Running, running

SERVICES = ("gateway", "schema-svc", "generator-svc", "writer-svc")
RECORDS = 100_000
MANY = 1_000_000
EVENT_BYTES = 300
ROUNDS = 3


class MemoryWatch(threading.Thread):
    """Resident memory of every service, sampled until stopped."""

    def __init__(self, system: Running) -> None:
        super().__init__(daemon=True)
        self._pids = {name: system.pid_of(name) for name in SERVICES}
        self._ended = threading.Event()
        self.samples: dict[str, list[float]] = {name: [] for name in SERVICES}

    def run(self) -> None:
        while not self._ended.wait(0.5):
            for name, pid in self._pids.items():
                self.samples[name].append(resident_mb(pid))

    def stop(self) -> dict[str, float]:
        """The largest of each service, in MB."""
        self._ended.set()
        self.join()
        return {name: max(seen) for name, seen in self.samples.items()}

    def growth(self, name: str) -> float:
        """Largest of the last quarter over the largest of the second quarter: 1.0 is flat."""
        seen = self.samples[name]
        quarter = max(1, len(seen) // 4)
        return max(seen[-quarter:]) / max(seen[quarter : 2 * quarter] or seen)


def resident_mb(pid: int) -> float:
    """VmRSS as the kernel counts it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def throughput(system: Running, bootstrap_servers: str) -> Figure:
    """Product and ceiling in turn on one broker."""
    records = sized(RECORDS)
    ours, raw = interleaved(
        ROUNDS,
        lambda: records / seconds_for(system, prompts_without_a_crm(records, SCRIPTED)),
        lambda: three_hops(bootstrap_servers, records, EVENT_BYTES),
    )
    return Figure.of(
        "spine_records_per_s", middle(ours), "records/s", against="raw aiokafka", against_value=middle(raw),
        n=records, full_n=RECORDS,
    )  # fmt: skip


def memory(system: Running) -> list[Figure]:
    """One large batch, and what it costs in memory."""
    records = sized(MANY)
    watch = MemoryWatch(system)
    watch.start()
    seconds_for(system, prompts_without_a_crm(records, SCRIPTED))
    largest = watch.stop()
    name = max(largest, key=largest.__getitem__)
    by_service = ", ".join(f"{service} {mb:.0f} MB (x{watch.growth(service):.2f})" for service, mb in largest.items())
    print(
        f"largest memory over {records:,} records and growth of the last over the second quarter: {by_service}",
        flush=True,
    )
    return [
        Figure.of(
            "rss_max_mb_1e6", largest[name], "MB", against=f"limit of 300 MB ({name})", against_value=300.0,
            n=records, full_n=MANY,
        )
    ]  # fmt: skip


def small_behind_large(data: Path, bootstrap_servers: str) -> Figure:
    """Batches of 10 records, each submitted while 1,000,000 wait, with an LLM of 200 ms and 64 calls at a time."""
    with fake_llm(latency=0.2) as llm:
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers, "OPENAI_API_KEY": "x", "OPENAI_BASE_URL": llm.base_url,
            "AI_MAX_CONCURRENCY": "64",
        }  # fmt: skip
        models = [{"provider": "openai", "model": "gpt-4o-mini"}]
        with running(data, "--org", "empty", environment=environment) as system:
            alone = seconds_for(system, prompts_without_a_crm(10, models))
            large = system.submit(prompts_without_a_crm(MANY, models))
            system.wait(large, until=lambda batch: batch["counts"]["generated"] > 500)
            behind = sorted(seconds_for(system, prompts_without_a_crm(10, models)) for _ in range(10))
            system.order(large, "cancel")
            system.wait(large)
    return Figure.of(
        "small_behind_large_p95_s",
        behind[-1],
        "s",
        against="the same batch alone",
        against_value=alone,
        n=10,
        full_n=10,
    )


def main() -> None:
    """Run all, and report each as soon as it is known: the whole takes a quarter of an hour."""
    with tempfile.TemporaryDirectory() as folder, apache_kafka() as bootstrap_servers:
        environment = {"KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers}
        with running(Path(folder) / "spine", "--org", "empty", environment=environment) as system:
            # The broker has compiled what it runs: until then it takes twice the CPU for a record.
            seconds_for(system, prompts_without_a_crm(sized(RECORDS), SCRIPTED))
            report([throughput(system, bootstrap_servers)])
            report(memory(system))
    if not os.environ.get("BENCH_N"):
        # A broker of its own: a new gateway would first fold the million verdicts of the other's topics.
        with tempfile.TemporaryDirectory() as folder, apache_kafka() as bootstrap_servers:
            report([small_behind_large(Path(folder) / "fair", bootstrap_servers)])


if __name__ == "__main__":
    main()
