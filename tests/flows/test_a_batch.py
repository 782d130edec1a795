"""From an HTTP call over the bus to the CRM record, and every record accounted for."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.fakes.llm_server import FakeLLM, answer_to
from tests.flows.conftest import claims_batch, rows_batch
from tests.running import COMMAND, Running


def claims(system: Running) -> dict[str, dict[str, str]]:
    fields = "Id, Name, Patient_Name__c, Diagnosis__c, Treatment_Type__c, Clinical_Summary__c, Claim_Number__c"
    return {record["Id"]: record for record in system.query(f"SELECT {fields} FROM Claim__c")}


def prompt_for(template: str, record: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda slot: record[slot[1]], template)


def test_every_claim_gets_the_answer_to_its_own_prompt_and_is_asked_once(system: Running, llm: FakeLLM) -> None:
    spec = claims_batch("main")
    done = system.wait(system.submit(spec))
    assert (done["state"], done["counts"]["written"], done["fallback"]) == ("completed", 200, 0)
    prompts = {claim: prompt_for(spec["prompt"]["template"], record) for claim, record in claims(system).items()}
    assert {claim: record["Clinical_Summary__c"] for claim, record in claims(system).items()} == {
        claim: answer_to(prompt) for claim, prompt in prompts.items()
    }
    assert llm.calls() == dict.fromkeys(prompts.values(), 1)
    assert done["tokens"]["input"] > 0


def test_two_hundred_updates_cost_few_calls_to_the_crm(system: Running) -> None:
    system.admin("DELETE", "/calls")
    system.wait(system.submit(claims_batch("counted")))
    updates = [call for call in system.admin("GET", "/calls")["calls"] if call["method"] == "PATCH"]
    assert sum(call["count"] for call in updates) <= 10


def test_an_upsert_by_external_id_writes_the_mapped_fields(system: Running) -> None:
    schema = {"type": "object", "properties": {"risk": {"enum": ["Low", "High"]}}, "required": ["risk"]}
    spec = claims_batch(
        "upsert",
        prompt={"template": "How risky is {{Diagnosis__c}}?", "response_schema": schema},
        models=[],
        fallback="recipe",
        target={
            "kind": "salesforce", "object": "Claim__c", "external_id": "Claim_Number__c",
            "fields": {"Risk_Level__c": "risk"},
        },
    )  # fmt: skip
    done = system.wait(system.submit(spec))
    assert done["counts"]["written"] == 200, system.records(done["id"], state="failed")[:2]
    assert {record["Risk_Level__c"] for record in system.query("SELECT Risk_Level__c FROM Claim__c")} == {"Low", "High"}
    assert len(claims(system)) == 200


def test_the_same_key_is_the_same_batch_and_costs_nothing(system: Running, llm: FakeLLM) -> None:
    spec = rows_batch("twice", 5)
    first = system.submit(spec, key="same-key")
    system.wait(first)
    assert system.submit(spec, key="same-key") == first
    assert sum(llm.calls().values()) == 5


def test_failed_records_do_not_stop_the_batch_and_run_again_on_retry(system: Running, llm: FakeLLM) -> None:
    spec = rows_batch("failing", 30)
    for number in (7, 19):
        spec["source"]["rows"][number]["label"] += " broken"
    llm.steer(fail={"broken": 400})
    batch_id = system.submit(spec)
    done = system.wait(batch_id)
    assert (done["state"], done["counts"]["failed"], done["counts"]["generated"]) == ("completed", 2, 28)
    failed = system.records(batch_id, state="failed")
    assert [item["record_id"] for item in failed] == ["r7", "r19"]
    assert all(item["category"] and item["reason"] and item["attempts"] == 1 for item in failed)
    llm.steer(fail={}, forget=True)
    system.order(batch_id, "retry")
    again = system.wait(batch_id, until=lambda batch: batch["counts"]["generated"] == 30)
    assert again["counts"]["failed"] == 0
    assert sum(llm.calls().values()) == 2


def test_a_recipe_stands_in_where_the_llm_fails(system: Running, llm: FakeLLM) -> None:
    spec = rows_batch("fallback", 10, fallback="recipe")
    llm.steer(fail={"fallback-": 400})
    done = system.wait(system.submit(spec))
    assert (done["counts"]["generated"], done["fallback"]) == (10, 10)
    items = system.records(done["id"])
    assert all(item["source"] == "fallback" and item["reason"] for item in items)


def test_a_test_is_never_written(system: Running) -> None:
    before = claims(system)
    done = system.wait(
        system.submit(
            claims_batch("test", mode="test", source={"kind": "salesforce", "object": "Claim__c", "limit": 1})
        )
    )
    assert done["counts"]["generated"] == done["requested"] == 1
    assert claims(system) == before


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"prompt": {"template": "{{Nope__c}}"}}, "Nope__c"),
        ({"target": {"kind": "salesforce", "object": "Claim__c", "field": "Missing__c"}}, "Missing__c"),
        (
            {
                "source": {"kind": "salesforce", "object": "Unknown__c"},
                "target": {"kind": "salesforce", "object": "Unknown__c", "field": "Name"},
            },
            "Unknown__c",
        ),
        ({"source": {"kind": "salesforce", "object": "Claim__c", "where": "Nonsense ==="}}, "MALFORMED_QUERY"),
        ({"target": {"kind": "salesforce", "object": "Claim__c", "field": "Name"}}, "Name"),
    ],
)
def test_a_batch_that_cannot_run_is_refused_before_any_call(
    system: Running, llm: FakeLLM, change: dict[str, object], named: str
) -> None:
    done = system.wait(system.submit(claims_batch("refused", **change)))
    assert done["state"] == "failed"
    assert named.lower() in done["reason"].lower()
    assert not llm.calls()


def test_a_source_without_records_completes_at_once(system: Running) -> None:
    source = {"kind": "salesforce", "object": "Claim__c", "where": "Patient_Name__c = 'nobody of that name'"}
    done = system.wait(system.submit(claims_batch("none", source=source)))
    assert (done["state"], done["requested"]) == ("completed", 0)


def test_a_description_becomes_rows(system: Running) -> None:
    body = {"description": "Generate product inventory with SKUs and stock levels", "rows": 2_500}
    answer = system.http.post("/generate", json=body)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert list(rows[0]) == [
        "product_id", "sku", "product_name", "category", "stock_level", "price", "warehouse_location",
    ]  # fmt: skip
    assert len(rows) == 2_500
    assert len({row["sku"] for row in rows}) == len({row["product_id"] for row in rows}) == 2_500
    again = system.http.post("/api/generate", json=body | {"rows": 500})
    assert answer.text.startswith(again.text)


def test_the_command_line_makes_the_same_rows_and_root_as_the_bus(system: Running, tmp_path: Path) -> None:
    rows = 20_000
    source = {"kind": "recipe", "recipe": "inventory", "rows": rows, "seed": 7}
    batch_id = system.submit({"name": "root", "source": source, "target": {"kind": "csv"}, "seed": 7})
    system.wait(batch_id)
    for path, name in (("rows.csv", "bus.csv"), ("rows.manifest.json", "bus.csv.manifest.json")):
        (tmp_path / name).write_bytes(system.http.get(f"/api/batches/{batch_id}/{path}").content)
    words = ["generate", "--recipe", "inventory", "--rows", str(rows), "--seed", "7", "--out", "own.csv"]
    for command in (words, ["verify", "bus.csv"]):
        ran = subprocess.run([COMMAND, *command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "bus.csv").read_bytes() == (tmp_path / "own.csv").read_bytes()
    bus, own = (json.loads((tmp_path / f"{name}.csv.manifest.json").read_text()) for name in ("bus", "own"))
    assert {key: own[key] for key in bus if key != "columns"} == {key: bus[key] for key in bus if key != "columns"}


def test_a_large_request_travels_in_parts(system: Running, llm: FakeLLM) -> None:
    spec = rows_batch("large", 2_000)
    for row in spec["source"]["rows"]:
        row["padding"] = "x" * 900
    done = system.wait(system.submit(spec))
    assert done["counts"]["generated"] == 2_000
    assert sum(llm.calls().values()) == 2_000
