"""An org without records, for tests that make their own."""

from collections.abc import AsyncIterator, Iterator

import pytest
from crm_sandbox.testing import RunningSandbox
from shared.crm.salesforce import SalesforceSession
from shared.crm.settings import SalesforceSettings


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(tmp_path_factory.mktemp("sandbox"), org="empty")
    yield running
    running.stop()


@pytest.fixture
async def session(sandbox: RunningSandbox) -> AsyncIterator[SalesforceSession]:
    given = sandbox.handle["salesforce"]
    settings = {name: given[name] for name in ("consumer_key", "username", "private_key_file")}
    session = SalesforceSession(SalesforceSettings.model_validate({"login_url": sandbox.handle["http"], **settings}))
    yield session
    await session.close()
