"""`kill -9` of the writer at every step of a dataset upload: every row is in Structured_Response once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.datasets import structured_response
from tests.fakes.llm_server import FakeLLM, answer_to, fake_llm
from tests.running import Json, Running, running

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

HEADERS = "/services/data/*/sobjects/InsightsExternalData"


@pytest.fixture(scope="module")
def llm() -> Iterator[FakeLLM]:
    with fake_llm(latency=0.2) as server:
        yield server


@pytest.fixture(scope="module")
def system(llm: FakeLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    environment = {"OPENAI_API_KEY": "x", "OPENAI_BASE_URL": llm.base_url, "AI_MAX_CONCURRENCY": "16"}
    with running(tmp_path_factory.mktemp("chaos"), "--org", "claims", environment=environment) as started:
        yield started


@pytest.fixture(autouse=True)
def _as_it_was(system: Running) -> Iterator[None]:
    yield
    system.admin("DELETE", "/faults")
    system.admin("POST", "/switches", {"analytics_upload_seconds": 0.15})


def batch_of(case: str, rows: int = 120) -> Json:
    mark = f"{case} {uuid.uuid4().hex[:6]}"
    inline = [{"id": f"r{number:03}", "label": f"{mark} {number}"} for number in range(rows)]
    return {
        "name": mark,
        "source": {"kind": "rows", "rows": inline},
        "prompt": {"template": "Describe {{label}}"},
        "models": [{"provider": "openai", "model": "gpt-4o-mini"}],
        "fallback": "fail",
        "target": {"kind": "crm-analytics"},
    }


def every_row_is_there_once(system: Running, spec: Json, batch_id: str) -> None:
    done = system.wait(batch_id, patience_s=120)
    assert done["counts"]["written"] == len(spec["source"]["rows"])
    assert structured_response(system, spec["name"]) == [
        (row["id"], spec["name"], "answer", answer_to(f"Describe {row['label']}")) for row in spec["source"]["rows"]
    ]


def test_killed_while_results_arrive(system: Running, llm: FakeLLM) -> None:
    spec = batch_of("arriving")
    batch_id = system.submit(spec)
    for answered in (20, 70):
        system.until(lambda enough=answered: sum(llm.calls().values()) > enough, 60, "no answers")  # type: ignore[misc]
        system.kill("writer-svc")
    every_row_is_there_once(system, spec, batch_id)


@pytest.mark.parametrize(("method", "path"), [("POST", HEADERS), ("POST", HEADERS + "Part"), ("PATCH", HEADERS + "/*")])
def test_killed_when_the_answer_to_a_call_is_lost(system: Running, method: str, path: str) -> None:
    """The org has done what it was asked for, and nobody knows."""
    order = {"method": method, "path": path, "drop": "after", "latency_ms": 500, "times": 3}
    system.admin("POST", "/faults", order)
    system.admin("DELETE", "/calls")
    spec = batch_of("lost", rows=20)
    batch_id = system.submit(spec)
    system.until(lambda: lost_calls(system) > 0, 60, "no call was lost")
    system.kill("writer-svc")
    every_row_is_there_once(system, spec, batch_id)


def lost_calls(system: Running) -> int:
    calls = system.admin("GET", "/calls")["calls"]
    return sum(call["count"] for call in calls if call["status"] == 0)


def test_killed_while_the_org_loads_the_upload(system: Running) -> None:
    system.admin("POST", "/switches", {"analytics_upload_seconds": 4})
    spec = batch_of("loading", rows=20)
    batch_id = system.submit(spec)
    queued = "SELECT Id FROM InsightsExternalData WHERE Status IN ('Queued', 'InProgress')"
    system.until(lambda: bool(system.query(queued)), 60, "nothing was queued")
    system.kill("writer-svc")
    every_row_is_there_once(system, spec, batch_id)
