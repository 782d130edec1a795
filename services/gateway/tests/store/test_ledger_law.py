"""The law: requested = settled by state + pending, under any order, loss and repetition of events."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import gateway as package
import pytest
from gateway.domain.chunk import STATES
from gateway.store import batches, failures, ledger, outbox, records
from gateway.store.tables import metadata
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from shared.bus import Received
from shared.database import Database
from shared.events import (
    BatchCancelled,
    BatchCompleted,
    BatchPlanned,
    BatchReopened,
    BatchRetried,
    BatchSpec,
    BatchSubmitted,
    Event,
    RangeSettled,
    RecordSettled,
)

BATCH = "law"
EDGES = (0, 1, 2, 3, 8_190, 8_191, 8_192, 8_193, 16_383, 16_384, 16_390, 20_000)
SPEC = BatchSpec.model_validate({"source": {"kind": "recipe", "recipe": "inventory"}})
indices = st.sampled_from(EDGES)
states = st.sampled_from(STATES)
categories = st.sampled_from(["network", "crm"])


class Crash(Exception):
    """The process dies before its transaction is committed."""


class LedgerLaw(RuleBasedStateMachine):
    """The ledger beside a model that keeps one entry a record."""

    url = ""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(self.url or f"sqlite:///{self.folder.name}/law.sqlite3")
        self.database.migrate("gateway", Path(package.__file__).parent / "migrations")
        self.run(lambda connection: [connection.execute(table.delete()) for table in metadata.sorted_tables])
        self.offset = 0
        self.verdicts: dict[int, tuple[str, str | None]] = {}
        self.epochs: Counter[int] = Counter()
        self.epoch = 0
        self.requested: int | None = None
        self.submitted = self.cancelling = False
        self.fetches: list[list[Received[Event]]] = []
        self.ended: set[int] = set()

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    def run(self, work: Any) -> Any:
        with self.database._write_engine.begin() as connection:
            return work(connection)

    def fold(self, *events: Event) -> None:
        fetch = []
        for event in events:
            self.offset += 1
            fetch.append(Received(event, {}, "topic", 0, self.offset, 1, None))
        self.fetches.append(fetch)
        self.hand_in(fetch)

    def hand_in(self, fetch: list[Received[Event]]) -> None:
        positions = {("topic", 0): max(self.offset, fetch[-1].offset) + 1}
        self.run(lambda connection: ledger.fold(connection, fetch, positions, 1_000.0 + self.offset))
        self.note_end()

    def note_end(self) -> None:
        if self.requested is not None and len(self.verdicts) == self.requested:
            self.ended.add(self.epoch)

    def expect(self, index: int, epoch: int, state: str, category: str | None) -> None:
        inside = self.requested is None or index < self.requested
        if inside and index not in self.verdicts and self.epochs[index] <= epoch <= self.epoch:
            self.verdicts[index] = (state, category)

    @rule()
    def submit(self) -> None:
        self.submitted = True
        self.fold(BatchSubmitted(batch_id=BATCH, batch=SPEC))

    @rule(requested=st.sampled_from([4, 8_192, 8_194, 16_385, 20_001, 0]))
    def plan(self, requested: int) -> None:
        if self.requested is None:
            self.requested = requested
            self.verdicts = {index: seen for index, seen in self.verdicts.items() if index < requested}
        self.fold(BatchPlanned(batch_id=BATCH, requested=requested))

    @rule(some=st.lists(st.tuples(indices, st.integers(0, 3), states, categories), min_size=1, max_size=12))
    def settle(self, some: list[tuple[int, int, Any, Any]]) -> None:
        self.settle_these(some)

    def settle_these(self, some: list[tuple[int, int, Any, Any]]) -> None:
        events = []
        for index, epoch, state, category in some:
            told = category if state == "failed" else None
            self.expect(index, epoch, state, told)
            events.append(
                RecordSettled(
                    batch_id=BATCH, index=index, epoch=epoch, record_id=f"r{index}", state=state, category=told
                )
            )
        self.fold(*events)

    @rule(first=indices, count=st.sampled_from([1, 2, 5, 8_000]), epoch=st.integers(0, 2), state=states)
    def settle_range(self, first: int, count: int, epoch: int, state: Any) -> None:
        count = min(count, 8_192 - first % 8_192)
        for index in range(first, first + count):
            self.expect(index, epoch, state, "crm" if state == "failed" else None)
        category: Any = "crm" if state == "failed" else None
        self.fold(RangeSettled(batch_id=BATCH, first=first, count=count, epoch=epoch, state=state, category=category))

    @rule(category=st.sampled_from([None, "network", "crm"]))
    def retry(self, category: Any) -> None:
        self.retry_failed(category)

    def retry_failed(self, category: Any) -> None:
        failed = [index for index, (state, _) in self.verdicts.items() if state == "failed"]
        chosen = [index for index in failed if category in (None, self.verdicts[index][1])]
        if chosen and not self.cancelling:
            self.epoch += 1
            for index in chosen:
                del self.verdicts[index]
                self.epochs[index] = self.epoch
        self.fold(BatchRetried(batch_id=BATCH, category=category))

    @rule(some=st.lists(indices, min_size=1, max_size=6), category=categories)
    def fail_some_and_retry_them(self, some: list[int], category: Any) -> None:
        self.settle_these([(index, self.epoch, "failed", category) for index in some])
        self.retry_failed(category)

    @rule(some=st.lists(indices, min_size=3, max_size=6), state=states)
    def hear_late_verdicts(self, some: list[int], state: Any) -> None:
        self.settle_these([(index, max(0, self.epoch - 1), state, "network") for index in some])

    @rule()
    def cancel(self) -> None:
        if not self.finished():
            self.cancelling = True
        self.fold(BatchCancelled(batch_id=BATCH))

    @precondition(lambda self: self.fetches)
    @rule(which=st.integers(0, 50))
    def receive_a_fetch_again(self, which: int) -> None:
        self.hand_in(self.fetches[which % len(self.fetches)])

    @precondition(lambda self: self.fetches)
    @rule(which=st.integers(0, 50))
    def receive_verdicts_again_under_new_offsets(self, which: int) -> None:
        events = [item.event for item in self.fetches[which % len(self.fetches)]]
        verdicts = [event for event in events if isinstance(event, RecordSettled)]
        for verdict in verdicts:
            self.expect(verdict.index, verdict.epoch, verdict.state, verdict.category)
        if verdicts:
            self.fold(*verdicts)

    @rule(index=indices)
    def crash_before_the_commit(self, index: int) -> None:
        event = RecordSettled(batch_id=BATCH, index=index, record_id="x", state="written")
        fetch: list[Received[Event]] = [Received(event, {}, "topic", 0, self.offset + 1, 1, None)]

        def fold_and_die(connection: Any) -> None:
            ledger.fold(connection, fetch, {("topic", 0): self.offset + 2}, 1.0)
            raise Crash

        with pytest.raises(Crash):
            self.run(fold_and_die)

    def finished(self) -> bool:
        return self.requested is not None and len(self.verdicts) == self.requested and self.epoch in self.ended

    @invariant()
    def the_counts_are_those_of_the_model(self) -> None:
        found = self.run(lambda connection: batches.totals(connection, {BATCH}))
        if not found:
            assert not self.verdicts
            return
        counts = Counter(state for state, _ in self.verdicts.values())
        assert {state: found[0].totals[state] for state in STATES} == {state: counts[state] for state in STATES}
        assert found[0].requested == self.requested
        if self.requested is not None:
            assert sum(found[0].counts().values()) == self.requested
            assert min(found[0].counts().values()) >= 0

    @invariant()
    def every_record_is_listed_once_with_its_state(self) -> None:
        accounts = self.run(lambda connection: batches.totals(connection, {BATCH}))
        for account in accounts:
            for state in ("failed", "written"):
                expected = sorted(index for index, (now, _) in self.verdicts.items() if now == state)[:30]
                page = self.run(
                    lambda connection, one=account, kind=state: records.page(
                        connection, one, state=kind, first=0, limit=30
                    )
                )
                assert [item["index"] for item in page] == expected
                assert [item["category"] for item in page] == [self.verdicts[index][1] for index in expected]
            grouped = self.run(lambda connection: failures.grouped(connection, BATCH))
            assert sum(group["records"] for group in grouped) >= account.totals["failed"]

    @invariant()
    def each_end_was_announced_once(self) -> None:
        waiting = self.run(lambda connection: outbox.waiting(connection, 10_000))
        ends = [item.event.epoch for item in waiting if isinstance(item.event, BatchCompleted)]
        assert sorted(ends) == sorted(self.ended)
        reopened = [item.event for item in waiting if isinstance(item.event, BatchReopened)]
        assert len({event.event_id() for event in reopened}) == len(reopened)
        assert {event.epoch for event in reopened} == set(range(1, self.epoch + 1))


_SETTINGS = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


def test_the_ledger_keeps_its_law_on_sqlite() -> None:
    run_state_machine_as_test(LedgerLaw, settings=_SETTINGS)


@pytest.mark.postgres
def test_the_ledger_keeps_its_law_on_postgresql() -> None:
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        pytest.skip("DATABASE_URL names no PostgreSQL")

    class OnPostgres(LedgerLaw):
        pass

    OnPostgres.url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    run_state_machine_as_test(OnPostgres, settings=settings(_SETTINGS, max_examples=10))
