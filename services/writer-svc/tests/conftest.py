"""Results, plans and a sandbox to write to."""

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from crm_sandbox.testing import PortalClient, RunningSandbox
from shared.bus import Received
from shared.crm.hubspot import HubSpotSession
from shared.crm.hubspot_settings import HubSpotSettings
from shared.crm.salesforce import SalesforceSession
from shared.crm.settings import SalesforceSettings
from shared.database import Database
from shared.events import BatchControlled, BatchPlan, RecordGenerated
from writer_svc.app import MIGRATIONS

_BATCHES = count(1)

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
def portal(sandbox: RunningSandbox) -> Iterator[PortalClient]:
    """The sandbox's HubSpot, with room for more calls than a real portal allows, and search that sees all at once."""
    client = PortalClient(sandbox)
    before = sandbox.admin("GET", "/hubspot/settings").json()
    client.settings(ten_seconds_private=1_000_000, searches_per_second=1_000_000, index_lag_s=0)
    yield client
    client.settings(**before)
    client.http.close()


@pytest.fixture
async def make_hubspot(portal: PortalClient) -> AsyncIterator[Callable[..., HubSpotSession]]:
    """Sessions with the sandbox's portal that never sleep."""
    made: list[HubSpotSession] = []

    async def at_once(_: float) -> None:
        return

    def make(**given: Any) -> HubSpotSession:
        handle = portal.sandbox.handle
        values = {"base_url": handle["http"], "access_token": handle["hubspot"]["access_token"], **given}
        made.append(HubSpotSession(HubSpotSettings.model_validate(values), sleep=at_once))
        return made[-1]

    yield make
    for session in made:
        await session.close()


@pytest.fixture
def hubspot(make_hubspot: Callable[..., HubSpotSession]) -> HubSpotSession:
    return make_hubspot()


@pytest.fixture
def planned() -> Callable[..., list[Any]]:
    """Results of a new batch for HubSpot, one per answer, with their plan."""

    def make(
        target: dict[str, Any], *answers: Any, source: tuple[str, str | None] = ("rows", None), **more: Any
    ) -> Any:
        plan = plan_of({"kind": "hubspot", **target}, source_kind=source[0], source_object=source[1])
        batch = more.pop("batch", None) or f"hubspot{next(_BATCHES)}"
        results = []
        for index, answer in enumerate(answers):
            told = {"values": answer, "answer": None} if isinstance(answer, dict) else {"answer": answer}
            given = {name: value[index] if isinstance(value, list) else value for name, value in more.items()}
            results.append((result_of(index, **told, batch_id=batch, **given), plan))
        return results

    return make


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'writer.sqlite3'}")
    database.migrate("writer-svc", MIGRATIONS)
    yield database
    database.close()
