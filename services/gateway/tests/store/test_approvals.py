"""Orders to apply or undo a plan, folded into the ledger."""

from pathlib import Path
from typing import Any

import pytest
from gateway.store import approvals, ledger, submissions
from gateway.store.accounts import load
from gateway.store.tables import metadata
from shared.bus import Received
from shared.database import Database
from shared.events import (
    BatchApplied,
    BatchApproved,
    BatchPlanned,
    BatchReverted,
    BatchSpec,
    BatchSubmitted,
    Event,
    RecordSettled,
)

SPEC = {
    "source": {"kind": "rows", "rows": [{"id": "r"}]},
    "prompt": {"template": "x"},
    "target": {"kind": "salesforce", "object": "C", "field": "F"},
}


class Ledger:
    """A gateway's ledger, fed by hand."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.offset = 0

    def fold(self, *events: Event) -> None:
        with self.database.engine.begin() as connection:
            received = []
            for event in events:
                received.append(Received(event, {}, "t", 0, self.offset, 1, None))
                self.offset += 1
            ledger.fold(connection, received, {("t", 0): self.offset}, 1.0)

    def counts(self) -> dict[str, int]:
        with self.database.engine.begin() as connection:
            return load(connection, {"b"}, 1.0)["b"].counts()

    def epoch(self) -> int:
        with self.database.engine.begin() as connection:
            return load(connection, {"b"}, 1.0)["b"].epoch

    def settle(self, state: Any, epoch: int, *indices: int) -> None:
        self.fold(*(RecordSettled(batch_id="b", index=i, epoch=epoch, record_id="r", state=state) for i in indices))


@pytest.fixture
def book(tmp_path: Path) -> Any:
    database = Database(f"sqlite:///{tmp_path / 'gateway.sqlite3'}")
    metadata.create_all(database.engine)
    yield Ledger(database)
    database.close()


def submit(book: Ledger, mode: str) -> None:
    spec = BatchSpec.model_validate({**SPEC, "mode": mode})
    book.fold(BatchSubmitted(batch_id="b", batch=spec), BatchPlanned(batch_id="b", requested=3))


def test_applying_opens_what_is_planned_and_undoing_what_is_written(book: Ledger) -> None:
    submit(book, "plan")
    book.settle("generated", 0, 0, 1)
    book.settle("failed", 0, 2)
    book.fold(BatchApplied(batch_id="b"), BatchApplied(batch_id="b"))
    assert (book.epoch(), book.counts()["pending"], book.counts()["failed"]) == (1, 2, 1)
    book.settle("written", 1, 0)
    book.fold(BatchReverted(batch_id="b"))
    assert book.epoch() == 1, "not while it is under way"
    book.settle("skipped", 1, 1)
    book.fold(BatchReverted(batch_id="b"))
    assert (book.epoch(), book.counts()["pending"], book.counts()["skipped"]) == (2, 1, 1)
    book.settle("cancelled", 2, 0)
    assert sum(book.counts().values()) == 3
    assert book.counts()["cancelled"] == 1


@pytest.mark.parametrize("order", [BatchApplied, BatchReverted])
def test_a_batch_without_a_plan_takes_no_such_order(book: Ledger, order: Any) -> None:
    submit(book, "run")
    book.settle("written", 0, 0, 1, 2)
    book.fold(order(batch_id="b"))
    assert (book.epoch(), book.counts()["written"]) == (0, 3)


def test_the_writer_is_told_the_epoch(book: Ledger) -> None:
    submit(book, "plan")
    book.settle("generated", 0, 0, 1, 2)
    with book.database.engine.begin() as connection:
        account = load(connection, {"b"}, 1.0)["b"]
        ((event, _),) = approvals.approve(connection, account, undo=False)
        assert event == BatchApproved(batch_id="b", epoch=1, undo=False)
        assert submissions.spec_of(connection, "b") is not None
