import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_sandbox.testing import PortalClient, RunningSandbox


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """One process for all tests that leave nothing behind."""
    sandbox = RunningSandbox(tmp_path_factory.mktemp("claims"), records=2300)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(running: RunningSandbox) -> Iterator[RunningSandbox]:
    """The shared process, without faults and counts from before."""
    running.admin("DELETE", "/faults")
    running.admin("DELETE", "/calls")
    yield running
    running.admin("DELETE", "/faults")


@pytest.fixture
def folder(tmp_path: Path, running: RunningSandbox) -> Path:
    """A new data folder, but with keys: making an RSA key takes longer than most tests."""
    data = tmp_path / "data"
    data.mkdir()
    for name in ("ca.pem", "https.pem", "server.key"):
        shutil.copy2(running.folder / name, data / name)
    return data


@pytest.fixture
def portal(sandbox: RunningSandbox) -> Iterator[PortalClient]:
    """The shared process's HubSpot, with room for more calls than a client would make, and search that sees all."""
    client = PortalClient(sandbox)
    defaults = sandbox.admin("GET", "/hubspot/settings").json()
    client.settings(ten_seconds_private=1_000_000, ten_seconds_oauth=1_000_000, searches_per_second=1_000_000)
    client.settings(index_lag_s=0)
    yield client
    client.settings(**defaults)
    client.http.close()
