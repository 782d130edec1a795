"""One running system for all flow tests: the embedded broker, or the Kafka that KAFKA_BOOTSTRAP_SERVERS names."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.llm_server import FakeLLM, fake_llm
from tests.running import Running, running

TEMPLATE = "Summarise {{Patient_Name__c}} with {{Diagnosis__c}} under {{Treatment_Type__c}}"
MODELS = [{"provider": "openai", "model": "gpt-4o-mini", "timeout_s": 10}]


@pytest.fixture(scope="session")
def llm() -> Iterator[FakeLLM]:
    """An LLM server that remembers every call."""
    with fake_llm() as server:
        yield server


@pytest.fixture(scope="session")
def system(llm: FakeLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """All services, the sandbox with 200 claims, and a broker."""
    environment = {"OPENAI_API_KEY": "x", "OPENAI_BASE_URL": llm.base_url}
    with running(tmp_path_factory.mktemp("system"), "--org", "claims", environment=environment) as started:
        yield started


@pytest.fixture(autouse=True)
def _quick_and_healthy(llm: FakeLLM) -> None:
    llm.steer(latency=0.01, fail={}, forget=True)


def claims_batch(case: str, **other: Any) -> dict[str, Any]:
    """The seed's job over every claim, with prompts of its own."""
    return {
        "name": case,
        "source": {"kind": "salesforce", "object": "Claim__c"},
        "prompt": {"template": f"{TEMPLATE} ({case} {uuid.uuid4().hex[:6]})"},
        "models": MODELS,
        "fallback": "fail",
        "target": {"kind": "salesforce", "object": "Claim__c", "field": "Clinical_Summary__c"},
    } | other


def rows_batch(case: str, rows: int, **other: Any) -> dict[str, Any]:
    """Inline rows that are written nowhere."""
    mark = f"{case}-{uuid.uuid4().hex[:6]}"
    inline = [{"id": f"r{number}", "label": f"{mark} {number}"} for number in range(rows)]
    return {
        "name": case,
        "source": {"kind": "rows", "rows": inline},
        "prompt": {"template": "Describe {{label}}"},
        "models": MODELS,
        "fallback": "fail",
        "target": {"kind": "none"},
    } | other
