"""A loopback org and a session with it."""

from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from shared.crm.salesforce import SalesforceSession
from shared.crm.settings import SalesforceSettings
from shared.crm.testing import LoopbackOrg, serving


@pytest.fixture(scope="session")
def key() -> str:
    pem = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()


@pytest.fixture
async def org() -> AsyncIterator[LoopbackOrg]:
    async with serving(LoopbackOrg()) as org:
        yield org


@pytest.fixture
def settings(org: LoopbackOrg, key: str) -> SalesforceSettings:
    return SalesforceSettings.model_validate(
        {"login_url": org.url, "consumer_key": "app", "username": "u@example.org", "private_key": key}
    )


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
async def session(settings: SalesforceSettings, slept: list[float]) -> AsyncIterator[SalesforceSession]:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    session = SalesforceSession(settings, sleep=sleep, jitter=lambda: 1.0)
    yield session
    await session.close()
