import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crm_sandbox.testing import RunningSandbox


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
    """A new data folder, but with keys: making an RSA key takes longer than most tests."""
    data = tmp_path / "data"
    data.mkdir()
    for name in ("ca.pem", "https.pem", "server.key"):
        shutil.copy2(running.folder / name, data / name)
    return data


@pytest.fixture
def own(folder: Path) -> Iterator[Callable[..., RunningSandbox]]:
    """Sandboxes on one folder, one after the other."""
    started: list[RunningSandbox] = []

    def start() -> RunningSandbox:
        started.append(RunningSandbox(folder))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="session")
def recorded() -> Path:
    """A folder with bodies of the real Salesforce, which are not part of this repository."""
    folder = Path(os.environ.get("RECORDSMITH_CRM_BODIES", "no folder"))
    if not folder.is_dir():
        pytest.skip("RECORDSMITH_CRM_BODIES names no folder of real Salesforce bodies")
    return folder
