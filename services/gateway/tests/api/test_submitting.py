"""POST /api/batches: what is accepted, what is refused, and what happens without a broker."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from shared.events import BatchCompleted, BatchPlanned, BatchSubmitted, RowsAttached, RowsSource

HUBSPOT = {"kind": "hubspot", "object": "contacts"}
SALESFORCE = {"kind": "salesforce", "object": "Claim__c"}
BASE: dict[str, Any] = {
    "name": "Summaries",
    "source": SALESFORCE,
    "prompt": {"template": "Summarise {{Diagnosis__c}}"},
    "fallback": "fail",
    "target": SALESFORCE | {"field": "Clinical_Summary__c"},
}


async def test_a_batch_is_published_then_stored_then_accepted(served: Any, request_of_rows: Any) -> None:
    answer = await served.http.post("/api/batches", json=request_of_rows())
    assert answer.status_code == 202
    batch_id = answer.json()["id"]
    assert answer.headers["location"] == f"/api/batches/{batch_id}"
    assert answer.json()["state"] == "accepted"
    (event,) = served.bus.events(BatchSubmitted)
    assert event.batch_id == batch_id
    assert [row["id"] for row in event.batch.source.rows] == ["r0", "r1", "r2"]
    shown = (await served.http.get(f"/api/batches/{batch_id}")).json()
    assert (shown["state"], shown["requested"], shown["reason"]) == ("accepted", None, None)
    assert set(shown["counts"]) == {"pending", "written", "generated", "failed", "skipped", "cancelled"}


async def test_the_callers_trace_goes_on_in_the_command(served: Any) -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import get_tracer_provider
    from shared.telemetry import start_traces

    if not isinstance(get_tracer_provider(), TracerProvider):
        start_traces("gateway")
    trace = "0af7651916cd43dd8448eb211c80319c"
    await served.http.post("/api/batches", json=BASE, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    ((_, traceparent),) = [pair for pair in served.bus.published if isinstance(pair[0], BatchSubmitted)]
    assert traceparent.split("-")[1] == trace


async def test_large_rows_travel_ahead_of_the_command(served: Any, request_of_rows: Any) -> None:
    rows = [{"id": f"r{number}", "label": "x" * 1_000} for number in range(900)]
    answer = await served.http.post("/api/batches", json=request_of_rows(source={"kind": "rows", "rows": rows}))
    assert answer.status_code == 202
    *parts, last = [event for event, _ in served.bus.published if not isinstance(event, BatchCompleted)]
    assert isinstance(last, BatchSubmitted)
    assert last.batch.source == RowsSource(kind="rows", rows=[], parts=len(parts))
    assert all(isinstance(part, RowsAttached) and len(part.model_dump_json()) < 260 * 1024 for part in parts)
    assert [row["id"] for part in parts for row in part.rows] == [row["id"] for row in rows]
    assert {event.key() for event in [*parts, last]} == {answer.json()["id"]}


async def test_the_same_key_is_the_same_batch(served: Any) -> None:
    first = await served.http.post("/api/batches", json=BASE, headers={"idempotency-key": "k1"})
    spaced = json.dumps(BASE, indent=3, sort_keys=True)
    again = await served.http.post("/api/batches", content=spaced, headers={"idempotency-key": "k1"})
    assert again.status_code == 202
    assert again.json()["id"] == first.json()["id"]
    assert len(served.bus.events(BatchSubmitted)) == 1


async def test_the_same_key_with_another_request_is_refused(served: Any) -> None:
    await served.http.post("/api/batches", json=BASE, headers={"idempotency-key": "k1"})
    other = await served.http.post("/api/batches", json=BASE | {"seed": 7}, headers={"idempotency-key": "k1"})
    assert other.status_code == 422
    assert "different request" in other.json()["errors"][0]["detail"]
    assert len(served.bus.events(BatchSubmitted)) == 1


async def test_without_a_key_every_request_is_a_new_batch(served: Any) -> None:
    ids = {(await served.http.post("/api/batches", json=BASE)).json()["id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize("trouble", ["refused", "silent"])
async def test_without_a_broker_nothing_is_stored_and_the_caller_may_try_again(served: Any, trouble: str) -> None:
    served.bus.down = trouble
    answer = await served.http.post("/api/batches", json=BASE, headers={"idempotency-key": "k1"})
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await served.http.get("/api/batches")).json()["items"] == []
    assert (await served.http.get("/readyz")).status_code == 503
    assert (await served.http.get("/healthz")).status_code == 200
    served.bus.down = None
    assert (await served.http.post("/api/batches", json=BASE, headers={"idempotency-key": "k1"})).status_code == 202


async def test_a_batch_of_another_system_is_learnt_from_the_topic(served: Any) -> None:
    spec = BatchSubmitted.model_validate({"batch_id": "foreign-1", "batch": BASE})
    await served.feed(BatchPlanned(batch_id="foreign-1", requested=4))
    assert (await served.http.get("/api/batches/foreign-1")).status_code == 404
    await served.feed(spec)
    shown = (await served.http.get("/api/batches/foreign-1")).json()
    assert (shown["name"], shown["state"], shown["requested"], shown["counts"]["pending"]) == (
        "Summaries",
        "running",
        4,
        4,
    )


ROWS = [{"id": "a", "label": "x"}]
MISTAKES = {
    "a value that is not known": (BASE | {"fallback": "explode"}, "/fallback"),
    "no source": ({name: value for name, value in BASE.items() if name != "source"}, "/source"),
    "no kind": (BASE | {"source": {"object": "Claim__c"}}, "/source/kind"),
    "an unknown kind": (BASE | {"source": {"kind": "fax"}}, "/source/kind"),
    "a source that is a list": (BASE | {"source": []}, "/source"),
    "a missing object": (BASE | {"source": {"kind": "salesforce"}}, "/source/object"),
    "an object that is no name": (BASE | {"source": {"kind": "salesforce", "object": "A; DROP"}}, "/source/object"),
    "a number in text": (BASE | {"seed": "42"}, "/seed"),
    "a truth for a number": (BASE | {"source": SALESFORCE | {"limit": True}}, "/source/limit"),
    "an unknown field": (BASE | {"nmae": "x"}, "/nmae"),
    "an unknown field inside": (BASE | {"source": SALESFORCE | {"limt": 3}}, "/source/limt"),
    "an unknown field in a list": (
        BASE | {"models": [{"provider": "p", "model": "m", "temprature": 1}]},
        "/models/0/temprature",
    ),
    "a temperature out of range": (
        BASE | {"models": [{"provider": "p", "model": "m", "temperature": 9}]},
        "/models/0/temperature",
    ),
    "no prompt": ({name: value for name, value in BASE.items() if name != "prompt"}, "/prompt"),
    "a target without a field": (BASE | {"target": SALESFORCE}, "/target"),
    "another object to update": (
        BASE | {"target": {"kind": "salesforce", "object": "Case", "field": "X"}},
        "/target/object",
    ),
    "no JSON Schema": (
        BASE | {"prompt": {"template": "x", "response_schema": {"type": "nope"}}},
        "/prompt/response_schema",
    ),
    "a schema elsewhere": (
        BASE | {"prompt": {"template": "x", "response_schema": {"$ref": "http://127.0.0.1:1/s"}}},
        "/prompt/response_schema",
    ),
    "a dialect elsewhere": (
        BASE | {"prompt": {"template": "x", "response_schema": {"$schema": "http://127.0.0.1:1/"}}},
        "/prompt/response_schema",
    ),
    "deletes without deleted records": (
        BASE | {"target": SALESFORCE | {"field": "A__c", "external_id": "No__c", "deletes": "delete"}},
        "/target/deletes",
    ),
    "a way to delete that is not known": (
        BASE | {"target": SALESFORCE | {"field": "A__c", "deletes": "for good"}},
        "/target/deletes",
    ),
    "a mapping without a schema": (BASE | {"target": SALESFORCE | {"fields": {"A__c": "a"}}}, "/target/fields"),
    "a mapping of no property": (
        BASE
        | {"target": SALESFORCE | {"fields": {"A__c": "a"}}}
        | {"prompt": {"template": "x", "response_schema": {"type": "object", "properties": {"b": {}}}}},
        "/target/fields/A__c",
    ),
    "a property and a mapping of properties": (
        BASE | {"target": HUBSPOT | {"field": "phone", "fields": {"phone": "phone"}}},
        "/target",
    ),
    "a mapping to HubSpot without a schema": (
        BASE | {"target": HUBSPOT | {"fields": {"phone": "p"}}},
        "/target/fields",
    ),
    "rows of a recipe for HubSpot": (
        {"source": {"kind": "recipe", "recipe": "inventory"}, "target": HUBSPOT},
        "/target/kind",
    ),
    "a row without the key of a contact": (
        BASE
        | {
            "source": {"kind": "rows", "rows": [{"id": "a", "Diagnosis__c": "d"}]},
            "target": HUBSPOT | {"external_id": "email"},
        },
        "/source/rows/0/email",
    ),
    "a recipe for CRM Analytics": (
        {"source": {"kind": "recipe", "recipe": "inventory"}, "target": {"kind": "crm-analytics"}},
        "/target/kind",
    ),
    "a recipe for a CRM": (BASE | {"source": {"kind": "recipe", "recipe": "inventory"}}, "/target/kind"),
    "no rows": (BASE | {"source": {"kind": "rows", "rows": []}}, "/source/rows"),
    "parts over HTTP": (
        BASE | {"source": {"kind": "rows", "rows": [{"id": "a", "Diagnosis__c": "d"}], "parts": 2}},
        "/source/parts",
    ),
    "a row without an id": (BASE | {"source": {"kind": "rows", "rows": [{"Diagnosis__c": "d"}]}}, "/source/rows/0/id"),
    "an id that is a number": (
        BASE | {"source": {"kind": "rows", "rows": [{"id": 1, "Diagnosis__c": "d"}]}},
        "/source/rows/0/id",
    ),
    "an id twice": (
        BASE | {"source": {"kind": "rows", "rows": [{"id": "a", "Diagnosis__c": "d"}] * 2}},
        "/source/rows/1/id",
    ),
    "a slot that no row has": (BASE | {"source": {"kind": "rows", "rows": ROWS}}, "/prompt/template"),
    "a row without the external id": (
        BASE
        | {
            "source": {"kind": "rows", "rows": [{"id": "a", "Diagnosis__c": "d"}]},
            "target": BASE["target"] | {"external_id": "No__c"},
        },
        "/source/rows/0/No__c",
    ),
    "too many rows": (
        BASE | {"source": {"kind": "rows", "rows": [{"id": str(n)} for n in range(10_001)]}},
        "/source/rows",
    ),
    "a name of two lines": (BASE | {"name": "a\nb"}, "/name"),
    "an endless budget": (BASE | {"budget_usd": -1}, "/budget_usd"),
    "a list": ([], ""),
    "a text": ("x", ""),
}


async def test_every_mistake_is_pointed_at_and_nothing_is_accepted(served: Any) -> None:
    for case, (body, pointer) in MISTAKES.items():
        answer = await served.http.post("/api/batches", json=body)
        problem = answer.json()
        assert answer.status_code == 422, (case, problem)
        assert answer.headers["content-type"] == "application/problem+json", case
        assert pointer in [error["pointer"] for error in problem["errors"]], (case, problem["errors"])
        assert all(error["detail"] for error in problem["errors"]), case
        assert {"type", "title", "status", "detail", "instance", "trace_id"} <= problem.keys(), case
        assert re.fullmatch("[0-9a-f]{32}", problem["trace_id"]), case
    assert served.bus.published == []
    assert (await served.http.get("/api/batches")).json()["items"] == []


BROKEN = [b'{"name": "x"', b"", b"\xff", b'{"a": NaN}', b'{"a": "\\ud800"}', b"[" * 100_000, b'{"a": 1e999}']


async def test_what_is_no_json_is_400(served: Any) -> None:
    for body in BROKEN:
        answer = await served.http.post("/api/batches", content=body)
        assert answer.status_code == 400, (body[:20], answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    assert served.bus.published == []


async def test_more_than_8_mb_is_refused(served: Any) -> None:
    answer = await served.http.post("/api/batches", content=b'{"name": "' + b"x" * (8 * 1024 * 1024) + b'"}')
    assert answer.status_code == 422
    assert "8 MB" in answer.json()["errors"][0]["detail"]


async def test_a_slot_is_named_and_an_unknown_field_gets_a_suggestion(served: Any, request_of_rows: Any) -> None:
    slot = await served.http.post("/api/batches", json=request_of_rows(prompt={"template": "{{labl}}"}))
    assert "labl" in slot.json()["errors"][0]["detail"]
    typo = await served.http.post("/api/batches", json=BASE | {"fallbak": "fail"})
    assert "`fallback`" in typo.json()["errors"][0]["hint"]
    kinds = await served.http.post("/api/batches", json=BASE | {"source": {"kind": "fax"}})
    assert "'recipe'" in kinds.json()["errors"][0]["hint"]
