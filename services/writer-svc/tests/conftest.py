"""Results, plans and a sandbox to write to."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from crm_sandbox.testing import RunningSandbox
from shared.bus import Received
from shared.crm.salesforce import SalesforceSession
from shared.crm.settings import SalesforceSettings
from shared.database import Database
from shared.events import BatchControlled, BatchPlan, RecordGenerated
from writer_svc.app import MIGRATIONS

FIELD = {"kind": "salesforce", "object": "Claim__c", "field": "Clinical_Summary__c"}


def result_of(index: int, answer: str | None = "a summary", **other: Any) -> RecordGenerated:
    given = {"batch_id": "b", "index": index, "record_id": f"r{index}", "source": "llm", "answer": answer, **other}
    return RecordGenerated.model_validate(given)


def plan_of(target: dict[str, Any] | None = None, **other: Any) -> BatchPlan:
    return BatchPlan.model_validate({"name": "B", "target": target or FIELD, **other})


def control_of(state: str, plan: BatchPlan | None, batch_id: str = "b") -> BatchControlled:
    return BatchControlled.model_validate({"batch_id": batch_id, "state": state, "plan": plan})


def received_of(result: RecordGenerated, traceparent: str | None = None) -> Received[RecordGenerated]:
    return Received(result, {}, "results.v1", 0, result.index, 1, traceparent)


@pytest.fixture
def make_result() -> Callable[..., RecordGenerated]:
    return result_of


@pytest.fixture
def make_plan() -> Callable[..., BatchPlan]:
    return plan_of


@pytest.fixture
def make_control() -> Callable[..., BatchControlled]:
    return control_of


@pytest.fixture
def make_received() -> Callable[..., Received[RecordGenerated]]:
    return received_of


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(tmp_path_factory.mktemp("sandbox"), records=300)
    yield running
    running.stop()


@pytest.fixture
def sandbox(running: RunningSandbox) -> Iterator[RunningSandbox]:
    running.admin("DELETE", "/calls")
    yield running
    running.admin("DELETE", "/faults")


@pytest.fixture
async def session(sandbox: RunningSandbox) -> AsyncIterator[SalesforceSession]:
    given = sandbox.handle["salesforce"]
    settings = {
        "login_url": sandbox.handle["http"],
        "consumer_key": given["consumer_key"],
        "username": given["username"],
        "private_key_file": given["private_key_file"],
    }

    async def at_once(_: float) -> None:
        return

    session = SalesforceSession(SalesforceSettings.model_validate(settings), sleep=at_once)
    yield session
    await session.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'writer.sqlite3'}")
    database.migrate("writer-svc", MIGRATIONS)
    yield database
    database.close()
