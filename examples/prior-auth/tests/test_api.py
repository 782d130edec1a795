"""The HTTP side, over a real socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from prior_auth.api import application
from prior_auth.orchestrator import Orchestrator
from prior_auth.policy_index import PolicyIndex


@pytest.fixture(scope="module")
def client(orchestrator: Orchestrator, index: PolicyIndex) -> Iterator[httpx.Client]:
    config = uvicorn.Config(application(orchestrator, index), host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as made:
        yield made
    server.should_exit = True
    thread.join()


def test_the_guides_call_is_answered(client: httpx.Client, orchestrator: Orchestrator) -> None:
    answer = client.post("/api/orchestrator/process", json={"patient_id": "P001", "drug": "Ozempic"})
    assert answer.status_code == 200
    assert answer.json() == orchestrator.process("P001", "Ozempic")
    assert {"coverage", "pa_required", "criteria", "step_therapy", "form", "passages"} <= set(answer.json())


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"patient_id": "P99999", "drug": "Ozempic"}, 404, "there is no patient P99999"),
        ({"patient_id": "P001", "drug": "Aspirin"}, 404, "decides about no drug 'Aspirin'"),
        ({"patient_id": "P001"}, 422, "/drug"),
        ({"patient_id": "", "drug": "Ozempic"}, 422, "/patient_id"),
        ({"patient_id": 7, "drug": "Ozempic"}, 422, "/patient_id"),
        ({"patient_id": "P001", "drug": "Ozempic", "dose": 1}, 422, "/dose"),
        ({"patient_id": "P001", "drug": "Ozempic", "requested_on": "soon"}, 422, "/requested_on"),
    ],
)
def test_what_cannot_be_answered_is_a_problem_that_says_why(
    client: httpx.Client, body: dict[str, object], status: int, says: str
) -> None:
    answer = client.post("/api/orchestrator/process", json=body)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.text


def test_what_is_no_json_is_a_problem(client: httpx.Client) -> None:
    answer = client.post("/api/orchestrator/process", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_policies_are_searched_by_meaning(client: httpx.Client) -> None:
    found = client.get("/api/policies/search", params={"q": "how to fight a denial", "limit": 2}).json()
    assert len(found) == 2
    assert found[0]["heading"] == "Appeal Process"
    assert client.get("/api/policies/search", params={"q": "x"}).status_code == 422
