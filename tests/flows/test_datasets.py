"""From the rows of a dataset over answers to the rows of Structured_Response."""

from __future__ import annotations

import csv
import io
import json
import uuid
from typing import Any

from tests.datasets import dataset_rows, structured_response
from tests.fakes.llm_server import FakeLLM, answer_to
from tests.flows.conftest import MODELS, rows_batch
from tests.running import Running

SCHEMA = {
    "type": "object",
    "properties": {"risk": {"enum": ["Low", "High"]}, "codes": {"type": "array", "items": {"type": "string"}}},
    "required": ["risk", "codes"],
}


def over_claims(case: str, **prompt: Any) -> dict[str, Any]:
    mark = f"{case} {uuid.uuid4().hex[:6]}"
    return {
        "name": mark,
        "source": {"kind": "crm-analytics", "dataset": "Claims"},
        "prompt": {"template": f"Summarise {{{{Diagnosis}}}} of {{{{Claim_Number}}}} ({mark})", **prompt},
        "models": MODELS,
        "fallback": "fail",
        "target": {"kind": "crm-analytics"},
    }


def downloaded(system: Running, batch_id: str) -> list[tuple[str, ...]]:
    text = system.http.get(f"/api/batches/{batch_id}/structured_response.csv").raise_for_status().text
    header, *lines = csv.reader(io.StringIO(text, newline=""))
    assert header == ["Record ID", "Batch Name", "Parameter Name", "Value"]
    return sorted(tuple(line) for line in lines)


def test_every_row_of_a_dataset_is_answered_and_lands_in_structured_response_once(
    system: Running, llm: FakeLLM
) -> None:
    spec = over_claims("dataset")
    done = system.wait(system.submit(spec))
    assert (done["state"], done["counts"]["written"]) == ("completed", 450), done
    claims = dataset_rows(system, "Claims", "q = foreach q generate 'Id' as 'i', 'Diagnosis' as 'd', "
                          "'Claim_Number' as 'n';")  # fmt: skip
    assert structured_response(system, spec["name"]) == sorted(
        (row["i"], spec["name"], "answer", answer_to(f"Summarise {row['d']} of {row['n']} ({spec['name']})"))
        for row in claims
    )
    assert structured_response(system, spec["name"]) == downloaded(system, done["id"])
    marks = system.query("SELECT Description FROM InsightsExternalData")
    assert len([one for one in marks if one["Description"].startswith("Recordsmith upload")]) == len(marks)


def test_structured_answers_are_a_row_for_every_field(system: Running) -> None:
    spec = over_claims("fields", response_schema=SCHEMA) | {"models": [], "fallback": "recipe"}
    done = system.wait(system.submit(spec))
    assert done["counts"]["written"] == 450, system.records(done["id"], state="failed")[:2]
    rows = structured_response(system, spec["name"])
    assert {name for _, _, name, _ in rows} == {"risk", "codes"}
    assert len(rows) == 900
    assert all(isinstance(json.loads(value), list) for _, _, name, value in rows if name == "codes")
    assert rows == downloaded(system, done["id"])


def test_failed_records_are_not_waited_for_and_a_retry_adds_only_theirs(system: Running, llm: FakeLLM) -> None:
    spec = rows_batch("partly", 20, target={"kind": "crm-analytics"})
    spec["name"] = f"partly {uuid.uuid4().hex[:6]}"
    for number in (3, 11):
        spec["source"]["rows"][number]["label"] += " broken"
    llm.steer(fail={"broken": 400})
    batch_id = system.submit(spec)
    done = system.wait(batch_id, patience_s=30)
    assert (done["counts"]["written"], done["counts"]["failed"]) == (18, 2)
    assert len(structured_response(system, spec["name"])) == 18
    llm.steer(fail={})
    system.order(batch_id, "retry")
    system.wait(batch_id, until=lambda batch: batch["counts"]["written"] == 20, patience_s=30)
    rows = structured_response(system, spec["name"])
    assert [record for record, *_ in rows] == sorted(f"r{number}" for number in range(20))


def test_an_upload_with_warnings_fails_its_records_with_the_reason(system: Running) -> None:
    path = "/services/data/*/sobjects/InsightsExternalData/*"
    system.admin("POST", "/faults", {"method": "PATCH", "path": path, "code": "CompletedWithWarnings", "times": 1})
    done = system.wait(system.submit(rows_batch("warned", 3, target={"kind": "crm-analytics"})))
    assert done["counts"]["failed"] == 3
    (first, *_) = system.records(done["id"], state="failed")
    assert (first["code"], first["category"]) == ("CompletedWithWarnings", "crm")
    assert "some of its rows are missing" in first["reason"]


def test_a_cancelled_batch_uploads_nothing_more(system: Running, llm: FakeLLM) -> None:
    llm.steer(latency=0.3)
    spec = over_claims("cancelled")
    batch_id = system.submit(spec)
    system.wait(batch_id, until=lambda batch: batch["state"] == "running")
    system.until(lambda: sum(llm.calls().values()) > 20, 30, "no calls")
    system.order(batch_id, "cancel")
    done = system.wait(batch_id, patience_s=60)
    assert (done["state"], done["counts"]["pending"], done["counts"]["cancelled"]) == ("cancelled", 0, 450)
    assert structured_response(system, spec["name"]) == []
