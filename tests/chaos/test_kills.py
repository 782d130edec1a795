"""`kill -9` at any step: nothing is lost, the counts stay a sum, and only calls in flight are paid twice."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.llm_server import FakeLLM, answer_to, fake_llm
from tests.kafka.running import apache_kafka
from tests.running import Running, running

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

CONCURRENCY = 16
ANSWERED_BUT_NOT_STORED = 8
"""Answers younger than one flush of the completion cache at the kill count as in flight."""


@pytest.fixture(scope="module")
def llm() -> Iterator[FakeLLM]:
    with fake_llm(latency=0.1) as server:
        yield server


@pytest.fixture(scope="module")
def system(llm: FakeLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with apache_kafka() as bootstrap_servers:
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers, "OPENAI_API_KEY": "x", "OPENAI_BASE_URL": llm.base_url,
            "AI_MAX_CONCURRENCY": str(CONCURRENCY),
        }  # fmt: skip
        with running(tmp_path_factory.mktemp("chaos"), "--org", "claims", environment=environment) as started:
            yield started


def batch_over_claims(case: str) -> dict[str, Any]:
    return {
        "name": case,
        "source": {"kind": "salesforce", "object": "Claim__c"},
        "prompt": {"template": "{{Claim_Number__c}}: {{Diagnosis__c}} " + uuid.uuid4().hex[:6]},
        "models": [{"provider": "openai", "model": "gpt-4o-mini"}],
        "fallback": "fail",
        "target": {"kind": "salesforce", "object": "Claim__c", "field": "Clinical_Summary__c"},
    }


@pytest.mark.parametrize("service", ["generator-svc", "writer-svc", "schema-svc", "gateway"])
def test_killed_twice_in_the_middle_of_a_batch_nothing_is_lost(system: Running, llm: FakeLLM, service: str) -> None:
    llm.steer(forget=True)
    spec = batch_over_claims(service)
    batch_id = system.submit(spec)
    for settled in (20, 90):
        system.wait(batch_id, until=lambda b, enough=settled: b["counts"]["written"] >= enough, patience_s=150)  # type: ignore[misc]
        system.kill(service)
        system.until(lambda: gateway_answers(system), 60, "the gateway does not answer")
    done = system.wait(batch_id, patience_s=240)
    assert (done["state"], done["counts"]["written"]) == ("completed", 200)
    claims = system.query("SELECT Claim_Number__c, Diagnosis__c, Clinical_Summary__c FROM Claim__c")
    mark = spec["prompt"]["template"].rsplit(" ", 1)[1]
    for claim in claims:
        prompt = f"{claim['Claim_Number__c']}: {claim['Diagnosis__c']} {mark}"
        assert claim["Clinical_Summary__c"] == answer_to(prompt)
    repeats = sum(llm.calls().values()) - 200
    allowed = 2 * (CONCURRENCY + ANSWERED_BUT_NOT_STORED) if service == "generator-svc" else 0
    assert 0 <= repeats <= allowed


def test_a_finished_batch_is_announced_once_across_kills(system: Running) -> None:
    time.sleep(1)
    states = {batch["id"]: batch["state"] for batch in system.http.get("/api/batches").json()["items"]}
    assert set(states.values()) == {"completed"}


def gateway_answers(system: Running) -> bool:
    try:
        return system.http.get("/readyz").status_code == 200
    except Exception:
        return False


def test_killed_supervisor_leaves_no_process(tmp_path: Path) -> None:
    with running(tmp_path / "d", "--org", "empty") as system:
        pids = [entry["pid"] for entry in system.run_file()["processes"].values()]
        system.process.kill()
        system.process.wait()
        Running.until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in pids), 15, "orphans remain")
