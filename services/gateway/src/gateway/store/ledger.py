"""The fold: a fetch of events becomes bits, totals, details and announcements, all in one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.bus import Received
from shared.events import (
    CHUNK,
    BatchCompleted,
    BatchProgressed,
    BatchReopened,
    Event,
    RangeSettled,
    RecordSettled,
    RecordsSettled,
)
from sqlalchemy import Connection

from gateway.domain.account import MAX_RECORDS, Account
from gateway.domain.chunk import size_of
from gateway.domain.segment import range_line, record_line
from gateway.store import accounts, chunks, completions, failures, offsets, orders, outbox, segments
from gateway.store.chunks import Key, Stored

Verdict = RecordSettled | RangeSettled
_NEARLY = 4
"""A batch is at its end when so many times the verdicts of this fetch are all that is left."""
OURS = (BatchProgressed, BatchCompleted, BatchReopened)
"""What the gateway itself announces: if its own progress moved a batch, there would be news of progress for ever."""


@dataclass
class Folded:
    """What a fetch changed."""

    moved: set[str] = field(default_factory=set)
    """Batches that people and the planner should hear of."""
    settled: Counter[str] = field(default_factory=Counter)
    """Records that got their verdict, by state."""
    announced: bool = False
    """There is something in the outbox."""
    ending: bool = False
    """A few times as many verdicts again, and a batch has all of its own."""


@dataclass
class _Taken:
    """Verdicts that were accepted, until they are written."""

    lines: dict[Key, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    failures: list[failures.Row] = field(default_factory=list)
    changed: dict[Key, Stored] = field(default_factory=dict)


def fold(
    connection: Connection, received: Sequence[Received[Event]], positions: Mapping[offsets.Partition, int], now: float
) -> Folded:
    """Fold events into the ledger; a repeated, late or early one changes nothing that it must not."""
    fresh = _not_yet_folded(connection, received)
    offsets.save(connection, positions)
    batch_ids = {batch_id for item in fresh if (batch_id := getattr(item.event, "batch_id", None))}
    if not batch_ids:
        return Folded()
    touched = accounts.load(connection, batch_ids, now)
    announcements: list[tuple[Event, str | None]] = []
    verdicts: list[Verdict] = []
    for item in fresh:
        if isinstance(item.event, RecordsSettled):
            verdicts += item.event.verdicts
        elif isinstance(item.event, RecordSettled | RangeSettled):
            verdicts.append(item.event)
        else:
            announcements += orders.apply(connection, touched, item, now)
    folded = Folded(moved={batch_id for batch_id, account in touched.items() if account.known})
    before = {batch_id: account.settled() for batch_id, account in touched.items()}
    folded.settled = _settle(connection, touched, verdicts)
    folded.ending = any(_is_ending(account, before[batch_id]) for batch_id, account in touched.items())
    for account in touched.values():
        account.move(now)
        announcements += completions.announce(connection, account, now)
    accounts.save(connection, touched.values())
    outbox.put(connection, announcements)
    folded.announced = bool(announcements)
    return folded


def _is_ending(account: Account, settled_before: int) -> bool:
    settled = account.settled()
    return account.requested is not None and 0 < account.requested - settled <= _NEARLY * (settled - settled_before)


def _not_yet_folded(connection: Connection, received: Sequence[Received[Event]]) -> list[Received[Event]]:
    """A consumer that lost its partition without knowing may hand in what another one has folded already."""
    partitions = {(item.topic, item.partition) for item in received}
    next_offsets = offsets.load(connection, partitions) if partitions else {}
    return [
        item
        for item in received
        if item.offset >= next_offsets.get((item.topic, item.partition), 0) and not isinstance(item.event, OURS)
    ]


def _settle(connection: Connection, touched: Mapping[str, Account], verdicts: Iterable[Verdict]) -> Counter[str]:
    groups = _by_chunk(verdicts)
    stored = chunks.load(connection, groups)
    taken, settled = _Taken(), Counter[str]()
    for key, some in groups.items():
        account, chunk = touched[key[0]], stored[key].chunk
        before = chunk.counts()
        _take(account, key, stored[key], some, taken)
        after = chunk.counts()
        if after != before:
            account.count(before, after)
            taken.changed[key] = stored[key]
            settled.update({state: after[state] - before[state] for state in after if state != "fallback"})
    segments.append(connection, taken.lines, stored)
    chunks.save(connection, taken.changed)
    failures.add(connection, taken.failures)
    return settled


def _by_chunk(verdicts: Iterable[Verdict]) -> dict[Key, list[Verdict]]:
    groups: dict[Key, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        if type(verdict) is RecordSettled:
            if verdict.index < MAX_RECORDS:
                groups[verdict.batch_id, verdict.index // CHUNK].append(verdict)
        elif isinstance(verdict, RangeSettled) and verdict.first < MAX_RECORDS:
            # A range that crosses a chunk breaks the contract; its records still get their verdict.
            for number in {verdict.first // CHUNK, (verdict.first + verdict.count - 1) // CHUNK}:
                groups[verdict.batch_id, number].append(verdict)
    return groups


def _take(account: Account, key: Key, stored: Stored, verdicts: Iterable[Verdict], taken: _Taken) -> None:
    chunk, size, lines = stored.chunk, size_of(key[1], account.requested), taken.lines[key]
    for verdict in verdicts:
        if verdict.epoch > account.epoch:
            continue  # nobody has opened that epoch: only the gateway does
        if type(verdict) is RecordSettled:
            offset, fallback = verdict.index % CHUNK, verdict.source == "fallback"
            if offset < size and chunk.settle(offset, verdict.epoch, verdict.state, fallback=fallback):
                lines.append(record_line(verdict))
                account.spend(verdict)
                if verdict.state == "failed":
                    taken.failures.append(failures.row_of(verdict))
        elif isinstance(verdict, RangeSettled):
            _take_range(key[1], size, stored, verdict, taken, lines)
    if not lines:
        del taken.lines[key]


def _take_range(
    number: int, size: int, stored: Stored, verdict: RangeSettled, taken: _Taken, lines: list[bytes]
) -> None:
    first = max(verdict.first - number * CHUNK, 0)
    end = min(verdict.first + verdict.count - number * CHUNK, size)
    if end <= first:
        return
    fallback = verdict.source == "fallback"
    accepted = stored.chunk.settle_range(first, end - first, verdict.epoch, verdict.state, fallback=fallback)
    if accepted:
        lines.append(range_line(verdict, accepted))
        if verdict.state == "failed":
            taken.failures += failures.rows_of_range(verdict, number, accepted)
