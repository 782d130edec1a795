import os
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
    usual = running.admin("GET", "/switches").json()
    yield running
    running.admin("DELETE", "/faults")
    running.admin("POST", "/switches", usual)


@pytest.fixture
def folder(tmp_path: Path, running: RunningSandbox) -> Path:
    """A new data folder, but with keys."""
    data = tmp_path / "data"
    data.mkdir()
    _copy_keys(running.folder, data)
    return data


@pytest.fixture(scope="session")
def recorded() -> Path:
    """A folder with bodies of the real Salesforce, which are not part of this repository."""
    folder = Path(os.environ.get("RECORDSMITH_CRM_BODIES", "no folder"))
    if not folder.is_dir():
        pytest.skip("RECORDSMITH_CRM_BODIES names no folder of real Salesforce bodies")
    return folder


@pytest.fixture(scope="session")
def running_portal(running: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalClient]:
    """A process of HubSpot's own: its tests move the clock, which would end the others' sessions."""
    data = tmp_path_factory.mktemp("portal")
    _copy_keys(running.folder, data)
    sandbox = RunningSandbox(data, records=5)
    client = PortalClient(sandbox)
    yield client
    client.http.close()
    sandbox.stop()


@pytest.fixture(scope="session")
def shipped_settings(running_portal: PortalClient) -> dict[str, object]:
    settings: dict[str, object] = running_portal.sandbox.admin("GET", "/hubspot/settings").json()
    return settings


@pytest.fixture
def portal(running_portal: PortalClient, shipped_settings: dict[str, object]) -> Iterator[PortalClient]:
    """HubSpot with room for more calls than a client would make, and with a search that sees all at once."""
    room = dict.fromkeys(("ten_seconds_private", "ten_seconds_oauth", "searches_per_second"), 1_000_000)
    running_portal.version = "v3"
    running_portal.settings(**{**shipped_settings, **room, "index_lag_s": 0})
    running_portal.sandbox.admin("DELETE", "/faults")
    yield running_portal
    running_portal.sandbox.admin("DELETE", "/faults")


def _copy_keys(source: Path, target: Path) -> None:
    """Making an RSA key takes longer than most tests."""
    for name in ("ca.pem", "https.pem", "server.key"):
        shutil.copy2(source / name, target / name)
