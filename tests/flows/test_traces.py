"""One connected trace from the HTTP call to the CRM id for each record of a small batch, without record contents."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from tests.fakes.llm_server import FakeLLM, answer_to
from tests.fakes.otlp_collector import Collected, otlp_collector
from tests.flows.conftest import claims_batch
from tests.running import Running, running

SERVICES = {"gateway", "schema-svc", "generator-svc", "writer-svc"}
CALLER = "00f067aa0ba902b7"


def submit_traced(system: Running, trace: str) -> str:
    source = {"kind": "salesforce", "object": "Claim__c", "limit": 5}
    headers = {"traceparent": f"00-{trace}-{CALLER}-01"}
    answer = system.http.post("/api/batches", json=claims_batch("traced", source=source), headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def services_near(collected: Collected, trace: str) -> set[str]:
    near = {trace} | {other for span in collected.spans if span.trace == trace for other, _ in span.links}
    near |= {span.trace for span in collected.spans if trace in {other for other, _ in span.links}}
    return {span.service for span in collected.spans if span.trace in near}


def orphans(collected: Collected) -> list[str]:
    known = {(span.trace, span.span) for span in collected.spans}
    return [
        f"{span.name} of {span.service}"
        for span in collected.spans
        if span.parent and span.parent != CALLER and (span.trace, span.parent) not in known
    ]


def test_each_record_can_be_followed_from_the_http_call_to_the_crm(llm: FakeLLM, tmp_path: Path) -> None:
    trace = uuid.uuid4().hex
    with otlp_collector() as collected:
        environment = {
            "OPENAI_API_KEY": "x", "OPENAI_BASE_URL": llm.base_url, "OTEL_EXPORTER_OTLP_ENDPOINT": collected.endpoint,
            "OTEL_TRACES_SAMPLER": "always_on", "OTEL_BSP_SCHEDULE_DELAY": "200",
        }  # fmt: skip
        with running(tmp_path / "d", "--org", "claims", environment=environment) as system:
            batch_id = submit_traced(system, trace)
            assert system.wait(batch_id)["counts"]["written"] == 5
            records = system.records(batch_id)
            patients = [r["Patient_Name__c"] for r in system.query("SELECT Patient_Name__c FROM Claim__c")]
            time.sleep(1)
    reached = collected.traces_linked_with(trace)
    assert {span.service for span in collected.spans if span.trace in reached} >= SERVICES
    assert len(records) == 5
    for record in records:
        assert record["trace_id"] in reached
        assert services_near(collected, record["trace_id"]) >= {"schema-svc", "generator-svc", "writer-svc"}
    assert orphans(collected) == []
    told = " ".join(span.text for span in collected.spans) + "".join(
        path.read_text() for path in (tmp_path / "d" / "logs").glob("*.log") if "broker" not in path.name
    )
    assert not [name for name in patients if name in told]
    assert not [prompt for prompt in llm.calls() if prompt in told or answer_to(prompt)[:20] in told]
