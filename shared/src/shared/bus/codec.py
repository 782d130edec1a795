"""From bytes on the wire to events. Pure, and total: a record that cannot be read is a value, not an exception.

Wire format: CloudEvents binary mode (`ce_*` headers) and W3C `traceparent` in headers, plain JSON as the value.
What is made for every record is a named tuple here: a frozen dataclass takes three times as long to make.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from pydantic import ValidationError

from shared.events import Event, EventGroup
from shared.topics import Topic

E = TypeVar("E", bound=Event)

RawHeaders = Sequence[tuple[str, bytes | None]]

TYPE = "ce_type"
TRACEPARENT = "traceparent"
ATTEMPT = "rs_attempt"
DUE_MS = "rs_due_ms"
ORIGIN_TOPIC = "rs_origin_topic"
REASON = "rs_reason"

MAX_VALUE_BYTES = 1_048_576
"""What a broker accepts by default; larger ones come from topics that were set up differently, and are not for us."""


class Record(Protocol):
    """What the bus needs of a delivered record; aiokafka's `ConsumerRecord` has it."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> RawHeaders: ...


class Received(NamedTuple, Generic[E]):
    """One decoded event with where it came from."""

    event: E
    headers: Mapping[str, str]
    """Those that are UTF-8. The others are only kept for the dead letter."""
    topic: str
    partition: int
    offset: int
    attempt: int
    """1 on first delivery, one more with each retry topic."""
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that nobody can read, and why. The error names places in the record, never its contents."""

    reason: str
    error: str


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A record of a known type that this handler does not take."""


class Company(NamedTuple):
    """What messages must have in common to become one record, on one partition."""

    group: type[EventGroup]
    batch_id: str
    of: Hashable


class Message(NamedTuple):
    """One record to publish."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: RawHeaders
    company: Company | None = None
    """With which others it may travel in one record; None: alone."""
    events: int = 1
    """How many it is the text of, with commas between."""


UNWANTED = Unwanted()


class Codec:
    """Reads the events of a subscription: which types its topics carry, and which of them its handler takes."""

    def __init__(
        self,
        topics: Sequence[Topic],
        wanted: Sequence[type[Event]] | None = None,
        origins: Sequence[Topic] | None = None,
    ) -> None:
        types = {name: kind for topic in topics for name, kind in topic.event_types().items()}
        self._by_header = {name.encode(): kind for name, kind in types.items()}
        self._wanted = frozenset(types.values() if wanted is None else wanted)
        # Bare JSON from other producers has no type header: no choice is needed where there is only one.
        plain = [name for name, kind in self._by_header.items() if not issubclass(kind, EventGroup)]
        self._without_header = plain[0] if len(plain) == 1 else b""
        self._origins = None if origins is None else frozenset(topic.name.encode() for topic in origins)
        """On retry topics: several subscriptions may share them, and each takes its own records."""

    def decode(self, record: Record) -> Received[Any] | Poison | Unwanted:
        """Read one record."""
        raw = dict(record.headers)
        kind = self._by_header.get(raw.get(TYPE, self._without_header))  # type: ignore[arg-type]  # None is looked up in vain
        if kind is None:
            return self._untyped(raw)
        if kind not in self._wanted:
            return UNWANTED
        if self._origins is not None and raw.get(ORIGIN_TOPIC) not in self._origins:
            return UNWANTED if ORIGIN_TOPIC in raw else Poison("missing_header", f"{ORIGIN_TOPIC} on a retry topic")
        value = record.value
        if value is None:
            return Poison("tombstone", "the record has no value")
        if len(value) > MAX_VALUE_BYTES:
            return Poison("oversize", f"{len(value)} bytes, at most {MAX_VALUE_BYTES} are read")
        try:
            event = kind.__pydantic_validator__.validate_json(value)
        except ValidationError as error:
            return _invalid(error)
        headers = TextHeaders(raw)
        attempt = int(headers[ATTEMPT]) if ATTEMPT in raw and headers.get(ATTEMPT, "").isdecimal() else 1
        parent = headers.get(TRACEPARENT) if TRACEPARENT in raw else None
        return Received(event, headers, record.topic, record.partition, record.offset, attempt, parent)

    def _untyped(self, raw: Mapping[str, bytes | None]) -> Poison:
        if TYPE not in raw:
            return Poison("missing_header", f"{TYPE} is needed where a topic carries several types")
        if text_of(raw[TYPE]) is None:
            return Poison("undecodable_header", f"{TYPE} is not UTF-8")
        return Poison(
            "unknown_type", f"{TYPE} is none of {', '.join(sorted(kind.decode() for kind in self._by_header))}"
        )


class TextHeaders(Mapping[str, str]):
    """The headers that are UTF-8, decoded when somebody looks: most handlers never do."""

    __slots__ = ("_raw",)

    def __init__(self, raw: Mapping[str, bytes | None]) -> None:
        self._raw = raw

    def __getitem__(self, name: str) -> str:
        text = text_of(self._raw[name])
        if text is None:
            raise KeyError(name)
        return text

    def __iter__(self) -> Iterator[str]:
        return (name for name, value in self._raw.items() if text_of(value) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"TextHeaders({dict(self)})"


def text_of(value: bytes | None) -> str | None:
    """A header's value as text; None when it is none."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _invalid(error: ValidationError) -> Poison:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    reason = "bad_json" if problems[0]["type"] == "json_invalid" else "invalid_event"
    # Only places and kinds: the messages quote what was found.
    places = [f"{'.'.join(str(part) for part in problem['loc']) or 'value'}: {problem['type']}" for problem in problems]
    return Poison(reason, "; ".join(places[:5])[:500])
