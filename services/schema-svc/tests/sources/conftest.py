"""An org without records, for tests that make their own."""

from collections.abc import AsyncIterator, Iterator

import pytest
from crm_sandbox.testing import RunningSandbox
from shared.crm.salesforce import SalesforceSession
from shared.crm.settings import SalesforceSettings


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    sandbox = RunningSandbox(tmp_path_factory.mktemp("sandbox"), org="empty")
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module")
def sandbox(running: RunningSandbox) -> RunningSandbox:
    """One process for several files; each logs in anew, for the others may have moved the clock by hours."""
    running.client.headers["authorization"] = f"Bearer {running.login().json()['access_token']}"
    return running


@pytest.fixture
async def session(sandbox: RunningSandbox) -> AsyncIterator[SalesforceSession]:
    given = sandbox.handle["salesforce"]
    settings = {name: given[name] for name in ("consumer_key", "username", "private_key_file")}
    session = SalesforceSession(SalesforceSettings.model_validate({"login_url": sandbox.handle["http"], **settings}))
    yield session
    await session.close()
