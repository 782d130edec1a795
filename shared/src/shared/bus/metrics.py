"""Prometheus metrics of the bus, labelled by topic only. Hot paths count in integers and hand over sums."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

CONSUMED = Counter("recordsmith_bus_consumed_total", "Records delivered by Kafka", ["topic"])
SETTLED = Counter(
    "recordsmith_bus_settled_total", "Records settled: done, retried, dead, failed or skipped", ["topic", "result"]
)
IN_FLIGHT = Gauge("recordsmith_bus_in_flight_records", "Records that a handler has right now", ["topic"])
PARKED = Gauge("recordsmith_bus_parked_records", "Records that wait for something to become known", ["topic"])
PUBLISHED = Counter("recordsmith_bus_published_total", "Records acknowledged by Kafka", ["topic"])
PUBLISH_SECONDS = Histogram("recordsmith_bus_publish_seconds", "From flush to acknowledgement", buckets=_SECONDS)
COMMIT_SECONDS = Histogram(
    "recordsmith_bus_commit_seconds", "One commit of all partitions", ["topic"], buckets=_SECONDS
)


class Tally:
    """Counts by topic and result in a dict, and hands the sums over once a second."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, topic: str, result: str, count: int = 1) -> None:
        """Note `count` records that ended as `result`."""
        key = (topic, result)
        self._counts[key] = self._counts.get(key, 0) + count

    def hand_over(self) -> None:
        """Add what was noted to the metrics."""
        counts, self._counts = self._counts, {}
        for (topic, result), count in counts.items():
            if result == "consumed":
                CONSUMED.labels(topic).inc(count)
            else:
                SETTLED.labels(topic, result).inc(count)
