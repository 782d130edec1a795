"""A sandbox whose HubSpot portal allows more calls than a real one."""

from collections.abc import AsyncIterator, Iterator

import pytest
from crm_sandbox.testing import PortalClient, RunningSandbox
from gateway.crm.hubspot import HubSpot
from shared.crm.hubspot import HubSpotSession
from shared.crm.hubspot_settings import HubSpotSettings


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(tmp_path_factory.mktemp("sandbox"), org="empty")
    yield running
    running.stop()


@pytest.fixture
def portal(running: RunningSandbox) -> Iterator[PortalClient]:
    client = PortalClient(running)
    client.settings(ten_seconds_private=1_000_000)
    running.admin("DELETE", "/calls")
    yield client
    running.admin("DELETE", "/faults")
    client.http.close()


@pytest.fixture
async def book(portal: PortalClient) -> AsyncIterator[HubSpot]:
    async def at_once(_: float) -> None:
        return

    handle = portal.sandbox.handle
    given = {"base_url": handle["http"], "access_token": handle["hubspot"]["access_token"]}
    session = HubSpotSession(HubSpotSettings.model_validate(given), sleep=at_once)
    yield HubSpot(session)
    await session.close()
