"""Looking at a batch: counts, pages, results, events, and the orders that steer it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any

from shared.events import (
    WRITER,
    BatchCancelled,
    BatchCompleted,
    BatchPaused,
    BatchPlanned,
    BatchRefused,
    BatchReopened,
    BatchResumed,
    BatchRetried,
    BatchSubmitted,
    Event,
    RangeSettled,
    RecordSettled,
    Usage,
)


def verdict(batch_id: str, index: int, state: str = "generated", **other: Any) -> RecordSettled:
    told: dict[str, Any] = {"source": "llm", "provider": "openai", "model": "m", "attempts": 1} | other
    return RecordSettled.model_validate(
        {"batch_id": batch_id, "index": index, "record_id": f"r{index}", "state": state} | told
    )


async def planned(served: Any, request: dict[str, Any], requested: int) -> str:
    batch_id = (await served.http.post("/api/batches", json=request)).json()["id"]
    submitted = served.bus.events(BatchSubmitted)[-1]
    await served.feed(submitted)
    assert (await served.http.get(f"/api/batches/{batch_id}")).json()["state"] == "planning"
    await served.feed(BatchPlanned(batch_id=batch_id, requested=requested))
    return str(batch_id)


async def shown(served: Any, batch_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await served.http.get(f"/api/batches/{batch_id}")).json()
    if found["requested"] is not None:
        assert sum(found["counts"].values()) == found["requested"]
    return found


async def announced(served: Any, kind: type[Event], count: int = 1) -> list[Any]:
    async with asyncio.timeout(5):
        while len(found := served.bus.events(kind)) < count:
            await asyncio.sleep(0.01)
    return list(found)


async def all_records(served: Any, batch_id: str, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = await served.http.get(
            f"/api/batches/{batch_id}/records", params=query | ({"cursor": cursor} if cursor else {})
        )
        assert len(page.json()["items"]) <= query.get("limit", 50)
        items += page.json()["items"]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            return items


async def test_a_batch_goes_from_accepted_to_completed(served: Any, request_of_rows: Any) -> None:
    batch_id = await planned(served, request_of_rows(), 3)
    assert (await shown(served, batch_id))["state"] == "running"
    usage = Usage(input_tokens=10, output_tokens=5)
    await served.feed(verdict(batch_id, 2, usage=usage, cost_usd=0.5), verdict(batch_id, 2, "failed"))
    assert (await shown(served, batch_id))["counts"]["pending"] == 2
    await served.feed(
        verdict(batch_id, 0, source="fallback"), verdict(batch_id, 1, "skipped", source=None), verdict(batch_id, 99)
    )
    found = await shown(served, batch_id)
    assert (found["state"], found["fallback"]) == ("completed", 1)
    assert found["counts"] | {"generated": 2, "skipped": 1} == found["counts"]
    assert (found["tokens"], found["cost_usd"]) == ({"input": 10, "output": 5}, 0.5)
    assert found["finished_at"] > found["created_at"]
    (event,) = await announced(served, BatchCompleted)
    assert (event.state, event.requested, event.epoch) == ("completed", 3, 0)
    await served.feed(verdict(batch_id, 0, "failed"))
    await asyncio.sleep(0.1)
    assert len(served.bus.events(BatchCompleted)) == 1


async def test_an_answer_without_a_price_makes_the_cost_unknown(served: Any, request_of_rows: Any) -> None:
    batch_id = await planned(served, request_of_rows(), 3)
    await served.feed(verdict(batch_id, 0, cost_usd=0.5), verdict(batch_id, 1))
    assert (await shown(served, batch_id))["cost_usd"] is None


async def test_a_refused_batch_fails_with_its_reason(served: Any, request_of_rows: Any) -> None:
    batch_id = (await served.http.post("/api/batches", json=request_of_rows())).json()["id"]
    await served.feed(BatchRefused(batch_id=batch_id, reason="Claim__c has no field Nope__c.\0"))
    found = await shown(served, batch_id)
    assert (found["state"], found["reason"], found["requested"]) == ("failed", "Claim__c has no field Nope__c.", None)
    (event,) = await announced(served, BatchCompleted)
    assert event.state == "failed"
    assert (await served.http.post(f"/api/batches/{batch_id}/retry")).status_code == 409


async def test_a_pause_shows_at_once_and_again_when_it_is_projected(served: Any, request_of_rows: Any) -> None:
    batch_id = await planned(served, request_of_rows(), 3)
    answer = await served.http.post(f"/api/batches/{batch_id}/pause")
    assert (answer.status_code, answer.json()["state"]) == (202, "paused")
    await served.feed(served.bus.events(BatchPaused)[0])
    assert (await shown(served, batch_id))["state"] == "paused"
    assert [item["id"] for item in (await served.http.get("/api/batches?state=paused")).json()["items"]] == [batch_id]
    answer = await served.http.post(f"/api/batches/{batch_id}/resume")
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    await served.feed(served.bus.events(BatchResumed)[0])
    assert (await served.http.post(f"/api/batches/{batch_id}/resume")).status_code == 409


async def test_a_persons_pause_outlives_the_writers_and_hides_no_reason(served: Any, request_of_rows: Any) -> None:
    batch_id = await planned(served, request_of_rows(), 3)
    await served.feed(BatchPaused(batch_id=batch_id, requested_by=WRITER, reason="The day is used up."))
    assert (await served.http.post(f"/api/batches/{batch_id}/pause")).status_code == 202
    await served.feed(served.bus.events(BatchPaused)[0])
    found = await shown(served, batch_id)
    assert (found["state"], found["reason"]) == ("paused", "The day is used up.")
    await served.feed(BatchResumed(batch_id=batch_id, requested_by=WRITER))
    found = await shown(served, batch_id)
    assert (found["state"], found["reason"]) == ("paused", None)
    assert (await served.http.post(f"/api/batches/{batch_id}/resume")).json()["state"] == "running"


async def test_a_person_may_end_the_writers_pause(served: Any, request_of_rows: Any) -> None:
    batch_id = await planned(served, request_of_rows(), 3)
    await served.feed(BatchPaused(batch_id=batch_id, requested_by=WRITER, reason="The field is gone."))
    assert [item["id"] for item in (await served.http.get("/api/batches?state=paused")).json()["items"]] == [batch_id]
    assert (await served.http.post(f"/api/batches/{batch_id}/resume")).json()["state"] == "running"
    await served.feed(served.bus.events(BatchResumed)[0])
    found = await shown(served, batch_id)
    assert (found["state"], found["reason"]) == ("running", None)


async def test_a_batch_is_cancelled_only_when_nothing_is_pending(served: Any, request_of_rows: Any) -> None:
    batch_id = await planned(served, request_of_rows(), 3)
    await served.feed(verdict(batch_id, 0))
    answer = await served.http.post(f"/api/batches/{batch_id}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    await served.feed(served.bus.events(BatchCancelled)[0])
    await served.feed(RangeSettled(batch_id=batch_id, first=0, count=3, state="cancelled"))
    found = await shown(served, batch_id)
    assert (found["state"], found["counts"]["cancelled"], found["counts"]["generated"]) == ("cancelled", 2, 1)
    for order in ("pause", "resume", "cancel", "retry"):
        refused = await served.http.post(f"/api/batches/{batch_id}/{order}")
        assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
    states = [item["state"] for item in await all_records(served, batch_id)]
    assert states == ["generated", "cancelled", "cancelled"]


async def test_a_batch_that_is_cancelled_before_its_plan_has_no_records(served: Any, request_of_rows: Any) -> None:
    batch_id = (await served.http.post("/api/batches", json=request_of_rows())).json()["id"]
    await served.http.post(f"/api/batches/{batch_id}/cancel")
    await served.feed(*served.bus.events(BatchSubmitted), *served.bus.events(BatchCancelled))
    await served.feed(BatchPlanned(batch_id=batch_id, requested=0))
    found = await shown(served, batch_id)
    assert (found["state"], found["requested"], sum(found["counts"].values())) == ("cancelled", 0, 0)


async def test_a_retry_reopens_failed_records_of_a_category(served: Any, request_of_rows: Any) -> None:
    batch_id = await planned(served, request_of_rows(5), 5)
    failures = [verdict(batch_id, index, "failed", category="network", reason="gone") for index in (0, 1, 3)]
    await served.feed(*failures, verdict(batch_id, 2, "failed", category="crm", code="X"), verdict(batch_id, 4))
    assert (await shown(served, batch_id))["state"] == "completed"
    grouped = (await served.http.get(f"/api/batches/{batch_id}/failures")).json()["items"]
    assert [(group["category"], group["records"]) for group in grouped] == [("network", 3), ("crm", 1)]

    assert (await served.http.post(f"/api/batches/{batch_id}/retry", json={"category": "auth"})).status_code == 409
    assert (await served.http.post(f"/api/batches/{batch_id}/retry", json={"category": "x"})).status_code == 422
    assert (await served.http.post(f"/api/batches/{batch_id}/retry", json={"kategory": None})).status_code == 422
    answer = await served.http.post(f"/api/batches/{batch_id}/retry", json={"category": "network"})
    assert answer.status_code == 202
    await served.feed(*served.bus.events(BatchRetried))
    found = await shown(served, batch_id)
    assert (found["state"], found["counts"]["pending"], found["counts"]["failed"]) == ("running", 3, 1)
    (reopened,) = await announced(served, BatchReopened)
    assert (reopened.epoch, reopened.ranges) == (1, [(0, 2), (3, 1)])

    await served.feed(failures[0])
    assert (await shown(served, batch_id))["counts"]["pending"] == 3
    await served.feed(*(verdict(batch_id, index, "generated", epoch=1, answer="now") for index in (0, 1, 3)))
    assert (await shown(served, batch_id))["state"] == "completed"
    assert [event.epoch for event in await announced(served, BatchCompleted, 2)] == [0, 1]
    again = (await all_records(served, batch_id))[0]
    assert (again["state"], again["answer"], again["reason"]) == ("generated", "now", None)


async def test_a_retry_of_everything_leaves_nothing_failed(served: Any, request_of_rows: Any) -> None:
    batch_id = await planned(served, request_of_rows(), 3)
    await served.feed(*(verdict(batch_id, index, "failed", category="unknown") for index in range(3)))
    await served.http.post(f"/api/batches/{batch_id}/retry")
    await served.feed(*served.bus.events(BatchRetried))
    assert (await shown(served, batch_id))["counts"]["pending"] == 3
    assert (await served.http.post(f"/api/batches/{batch_id}/retry")).status_code == 409


async def test_paging_covers_every_record_once(served: Any, request_of_rows: Any) -> None:
    batch_id = await planned(served, request_of_rows(), 8_260)
    verdicts = [verdict(batch_id, index, "failed" if index % 100 == 7 else "generated") for index in range(8_240)]
    for start in range(0, 8_240, 1_000):
        await served.feed(*reversed(verdicts[start : start + 1_000]))
    items = await all_records(served, batch_id, limit=200)
    assert [item["index"] for item in items] == list(range(8_260))
    assert [item["state"] for item in items[8_239:8_242]] == ["generated", "pending", "pending"]
    assert items[7]["record_id"] == "r7"
    failed = await all_records(served, batch_id, state="failed", limit=37)
    assert [item["index"] for item in failed] == list(range(7, 8_240, 100))
    assert len(await all_records(served, batch_id, state="pending", limit=15)) == 20
    assert await all_records(served, batch_id, state="written") == []
    ids = {item["trace_id"] for item in items}
    assert len(ids) == 8_260
    beyond = await served.http.get(f"/api/batches/{batch_id}/records?cursor=W10")
    assert beyond.status_code == 422


async def test_batches_are_listed_newest_first_in_pages(served: Any, request_of_rows: Any) -> None:
    ids = [(await served.http.post("/api/batches", json=request_of_rows())).json()["id"] for _ in range(5)]
    first = (await served.http.get("/api/batches?limit=3")).json()
    second = (await served.http.get("/api/batches", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in first["items"] + second["items"]] == ids[::-1]
    assert second["next_cursor"] is None


def parsed(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


async def test_results_are_csv_that_a_spreadsheet_can_open_safely(served: Any, request_of_rows: Any) -> None:
    schema = {"type": "object", "properties": {"risk": {}, "index": {}, "why": {}}}
    request = request_of_rows(prompt={"template": "{{label}}", "response_schema": schema}, name="=Batch")
    batch_id = await planned(served, request, 3)
    values = {"risk": "=1+1", "index": -5, "why": ["a", {"b": 'c"d'}]}
    await served.feed(verdict(batch_id, 0, answer='+SUM(1), "x"\nline', values=values), verdict(batch_id, 1, "failed"))
    answer = await served.http.get(f"/api/batches/{batch_id}/result.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    header, first, failed, pending = parsed(answer.text)
    assert header[:8] == ["index", "record_id", "state", "category", "source", "provider", "model", "answer"]
    assert header[8:] == ["risk", "answer.index", "why"]
    assert first[:3] == ["0", "r0", "generated"]
    assert first[7:] == ['\'+SUM(1), "x"\nline', "'=1+1", "-5", '["a", {"b": "c\\"d"}]']
    assert (failed[2], pending[2]) == ("failed", "pending")
    long = parsed((await served.http.get(f"/api/batches/{batch_id}/structured_response.csv")).text)
    assert long[0] == ["Record ID", "Batch Name", "Parameter Name", "Value"]
    assert long[1] == ["r0", "'=Batch", "risk", "'=1+1"]
    assert len(long) == 4


async def test_rows_of_a_recipe_are_listed_and_downloaded_in_order(served: Any) -> None:
    request = {"source": {"kind": "recipe", "recipe": "inventory", "rows": 10_000}, "target": {"kind": "csv"}}
    batch_id = await planned(served, request, 10_000)
    assert (await served.http.get(f"/api/batches/{batch_id}/rows.csv")).status_code == 409

    def made(first: int, count: int) -> RangeSettled:
        rows = "".join(f'{index},"a, ""b"""\r\n' for index in range(first, first + count))
        return RangeSettled(
            batch_id=batch_id, first=first, count=count, state="generated", source="recipe",
            columns=["n", "text"], rows_csv=rows,
        )  # fmt: skip

    await served.feed(made(8_192, 1_808), made(4_000, 4_192), made(3_000, 2_000))
    await served.feed(made(0, 3_500))
    assert (await shown(served, batch_id))["state"] == "completed"
    rows = parsed((await served.http.get(f"/api/batches/{batch_id}/rows.csv")).text)
    assert rows[0] == ["n", "text"]
    assert rows[1:] == [[str(index), 'a, "b"'] for index in range(10_000)]
    (item,) = (await served.http.get(f"/api/batches/{batch_id}/records?limit=1")).json()["items"]
    assert (item["state"], item["source"], item["values"]) == ("generated", "recipe", {"n": "0", "text": 'a, "b"'})
    assert parsed((await served.http.get(f"/api/batches/{batch_id}/result.csv")).text)[0][-2:] == ["n", "text"]


async def read_events(served: Any, batch_id: str, **headers: str) -> tuple[int, list[tuple[str, dict[str, Any]]], int]:
    events: list[tuple[str, dict[str, Any]]] = []
    beats, mark = 0, ""
    async with served.http.stream("GET", f"/api/batches/{batch_id}/events", headers=headers) as response:
        async for line in response.aiter_lines():
            beats += line.startswith(":")
            if line.startswith("id: "):
                mark = line[4:]
            elif line.startswith("data: "):
                events.append((mark, json.loads(line[6:])))
    return response.status_code, events, beats


async def test_events_come_while_the_batch_runs_and_end_with_it(served: Any, request_of_rows: Any) -> None:
    batch_id = await planned(served, request_of_rows(), 3)
    reading = asyncio.create_task(read_events(served, batch_id))
    for index in range(3):
        await asyncio.sleep(0.5)
        await served.feed(verdict(batch_id, index))
    status, events, beats = await reading
    assert status == 200
    assert [event["counts"]["pending"] for _, event in events] == [3, 2, 1, 0]
    assert (events[-1][1]["state"], beats > 0) == ("completed", True)
    assert (await read_events(served, batch_id, **{"last-event-id": events[-1][0]}))[0] == 204
    _, resumed, _ = await read_events(served, batch_id, **{"last-event-id": events[0][0]})
    assert [event["counts"]["pending"] for _, event in resumed] == [0]
