"""docs/reference/topics.md from the map of the bus.

python docs/generate/topics.py [--check]
"""

from __future__ import annotations

import sys

from pages import Page, run, table
from shared.topics import DAY_MS, TOPICS, Topic

INTRODUCTION = """# Topics

Generated from `shared/src/shared/topics.py` by `python docs/generate/all.py`. Do not edit.

Values are plain JSON. Headers are CloudEvents in binary mode (`ce_id`, `ce_type`, `ce_source`, `ce_specversion`,
`ce_time`) and W3C `traceparent`. One golden example of each event is in `shared/examples/<topic>/`.
The services create missing topics at their start. Kafka's own auto-creation is never relied on.

"""


def rendered() -> str:
    """The page."""
    working = [topic for topic in TOPICS if not topic.delay_s]
    waiting = [topic for topic in TOPICS if topic.delay_s]
    return (
        INTRODUCTION
        + table(("topic", "key", "producers", "consumers", "partitions", "kept"), map(row, working))
        + "\n## Retry topics\n\nA record that may go well later waits here, then runs again.\n\n"
        + table(("topic", "delay", "owner", "partitions", "kept"), map(waiting_row, waiting))
        + "\n## Events\n\n"
        + table(("event type", "topic", "meaning"), events())
    )


def row(topic: Topic) -> tuple[str, ...]:
    """A line of the first table."""
    return (
        f"`{topic.name}`",
        topic.key,
        ", ".join(topic.producers),
        ", ".join(topic.consumers),
        str(topic.partitions),
        kept(topic),
    )


def waiting_row(topic: Topic) -> tuple[str, ...]:
    """A line of the second table."""
    return (f"`{topic.name}`", f"{topic.delay_s:g} s", ", ".join(topic.consumers), str(topic.partitions), kept(topic))


def kept(topic: Topic) -> str:
    """How long Kafka keeps its records."""
    if topic.config.get("cleanup.policy") == "compact":
        return "the latest per key"
    return f"{int(topic.config['retention.ms']) // DAY_MS} days"


def events() -> list[tuple[str, str, str]]:
    """Every event with its first sentence."""
    return [
        (f"`{event.type}`", f"`{topic.name}`", (event.__doc__ or "").split("\n")[0])
        for topic in TOPICS
        if not topic.delay_s
        for event in topic.events
    ]


PAGE = Page("topics.md", rendered)

if __name__ == "__main__":
    sys.exit(run([PAGE]))
