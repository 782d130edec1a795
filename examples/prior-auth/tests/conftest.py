"""A data set made by the command, imported and indexed once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prior_auth.data_set import open_data_set
from prior_auth.importing import import_data_set
from prior_auth.orchestrator import Orchestrator
from prior_auth.policy_index import PolicyIndex, build
from prior_auth.tables import database
from sqlalchemy import Engine

COUNT = 600
MakeDataSet = Callable[..., Path]


def recordsmith_patients(out: Path, count: int, *words: str) -> Path:
    command = Path(sys.executable).with_name("recordsmith")
    subprocess.run(
        [command, "recipe", "patients", "--count", str(count), "--out", out, *words], check=True, capture_output=True
    )
    return out


@pytest.fixture(scope="session")
def make_data_set() -> MakeDataSet:
    return recordsmith_patients


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recordsmith_patients(tmp_path_factory.mktemp("data") / "mock_data", COUNT, "--profile", "clinical")


@pytest.fixture(scope="session")
def patients(folder: Path) -> dict[str, Any]:
    return {one["patient_id"]: one for one in json.loads((folder / "patients.json").read_text())}


@pytest.fixture(scope="session")
def plans(folder: Path) -> dict[tuple[str, str], Any]:
    return {(one["payer"], one["drug"]): one for one in json.loads((folder / "plans.json").read_text())}


@pytest.fixture(scope="session")
def engine(folder: Path) -> Engine:
    made = database(f"sqlite:///{folder.parent / 'prior-auth.db'}")
    assert import_data_set(made, open_data_set(folder)) == COUNT
    return made


@pytest.fixture(scope="session")
def index(engine: Engine, folder: Path) -> PolicyIndex:
    path = folder.parent / "prior-auth.index"
    assert build(engine, path) == 42
    return PolicyIndex(engine, path)


@pytest.fixture(scope="session")
def orchestrator(engine: Engine, index: PolicyIndex) -> Orchestrator:
    return Orchestrator(engine, index)
