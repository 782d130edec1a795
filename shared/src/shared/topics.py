"""The map of the bus as a table: name, events, key, who produces, who consumes, partitions, retention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.events import (
    BatchApplied,
    BatchApproved,
    BatchCancelled,
    BatchCompleted,
    BatchControlled,
    BatchPaused,
    BatchPlanned,
    BatchProgressed,
    BatchRefused,
    BatchReopened,
    BatchResumed,
    BatchRetried,
    BatchReverted,
    BatchStaged,
    BatchSubmitted,
    Event,
    EventGroup,
    PromptPrepared,
    PromptsPrepared,
    RangeSettled,
    RecordGenerated,
    RecordSettled,
    RecordsGenerated,
    RecordsSettled,
    RowsAttached,
    SlicePrepared,
)

DAY_MS = 86_400_000


@dataclass(frozen=True)
class Topic:
    """One row of the map."""

    name: str
    events: tuple[type[Event], ...]
    key: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)
    retry: tuple[Topic, ...] = ()
    delay_s: float = 0.0
    """Only on retry topics: how long a record waits there."""

    def event_types(self) -> Mapping[str, type[Event]]:
        """Event classes by their CloudEvents type."""
        return {event.type: event for event in self.events}


def _retry(stem: str, events: tuple[type[Event], ...], owner: str) -> tuple[Topic, ...]:
    return tuple(
        Topic(
            name=f"{stem}.retry.{label}.v1",
            events=events,
            key="as original",
            producers=(owner,),
            consumers=(owner,),
            partitions=6,
            config={"retention.ms": str(7 * DAY_MS)},
            delay_s=delay_s,
        )
        for label, delay_s in (("30s", 30.0), ("5m", 300.0), ("30m", 1800.0))
    )


_PROMPT_RETRIES = _retry("prompts", (PromptPrepared,), "generator-svc")
_RESULT_RETRIES = _retry("results", (RecordGenerated,), "writer-svc")

BATCHES_COMMANDS = Topic(
    "batches.commands.v1",
    (
        BatchSubmitted,
        RowsAttached,
        BatchPaused,
        BatchResumed,
        BatchCancelled,
        BatchRetried,
        BatchApplied,
        BatchReverted,
    ),
    key="batch_id",
    producers=("gateway", "writer-svc", "other systems"),
    consumers=("gateway", "schema-svc"),
    partitions=6,
    config={"retention.ms": str(30 * DAY_MS)},
)
BATCHES_EVENTS = Topic(
    "batches.events.v1",
    (BatchPlanned, BatchRefused, BatchReopened, BatchApproved, BatchStaged, BatchProgressed, BatchCompleted),
    key="batch_id",
    producers=("schema-svc", "writer-svc", "gateway"),
    consumers=("gateway", "schema-svc", "writer-svc", "other systems"),
    partitions=6,
    config={"retention.ms": str(30 * DAY_MS)},
)
BATCHES_CONTROL = Topic(
    "batches.control.v1",
    (BatchControlled,),
    key="batch_id",
    producers=("schema-svc",),
    consumers=("generator-svc", "writer-svc"),
    partitions=1,
    config={"cleanup.policy": "compact"},
)
PROMPTS_INTERACTIVE = Topic(
    "prompts.interactive.v1",
    (PromptPrepared, PromptsPrepared),
    key="event_id",
    producers=("schema-svc", "other systems"),
    consumers=("generator-svc",),
    partitions=12,
    config={"retention.ms": str(7 * DAY_MS)},
    retry=_PROMPT_RETRIES,
)
PROMPTS_BULK = Topic(
    "prompts.bulk.v1",
    (PromptPrepared, PromptsPrepared),
    key="event_id",
    producers=("schema-svc", "other systems"),
    consumers=("generator-svc",),
    partitions=24,
    config={"retention.ms": str(7 * DAY_MS)},
    retry=_PROMPT_RETRIES,
)
SLICES = Topic(
    "slices.v1",
    (SlicePrepared,),
    key="batch_id:chunk",
    producers=("schema-svc",),
    consumers=("generator-svc",),
    partitions=24,
    config={"retention.ms": str(7 * DAY_MS)},
)
RESULTS = Topic(
    "results.v1",
    (RecordGenerated, RecordsGenerated),
    key="object:external-id",
    producers=("generator-svc", "schema-svc"),
    consumers=("writer-svc",),
    partitions=24,
    config={"retention.ms": str(7 * DAY_MS)},
    retry=_RESULT_RETRIES,
)
OUTCOMES = Topic(
    "outcomes.v1",
    (RecordSettled, RecordsSettled, RangeSettled),
    key="batch_id:chunk",
    producers=("schema-svc", "generator-svc", "writer-svc"),
    consumers=("gateway",),
    partitions=6,
    config={"retention.ms": str(30 * DAY_MS)},
)
DEAD_LETTERS = Topic(
    "dead-letters.v1",
    (),
    key="as original",
    producers=("every service",),
    consumers=("people, by replay",),
    partitions=6,
    config={"retention.ms": str(90 * DAY_MS), "max.message.bytes": str(2 * 1024 * 1024)},
)

TOPICS: tuple[Topic, ...] = (
    BATCHES_COMMANDS,
    BATCHES_EVENTS,
    BATCHES_CONTROL,
    PROMPTS_INTERACTIVE,
    PROMPTS_BULK,
    SLICES,
    RESULTS,
    OUTCOMES,
    DEAD_LETTERS,
    *_PROMPT_RETRIES,
    *_RESULT_RETRIES,
)

_BY_LANE = (PromptPrepared, PromptsPrepared)

TOPIC_OF: Mapping[type[Event], Topic] = {
    event: topic for topic in TOPICS if not topic.delay_s for event in topic.events if event not in _BY_LANE
}
"""Where an event goes; a prompt's lane depends on its batch, so its publisher names the topic."""

GROUP_OF: Mapping[type[Event], type[EventGroup]] = {
    event.part: event for topic in TOPICS for event in topic.events if issubclass(event, EventGroup)
}
"""What events of a kind become when several leave together."""
