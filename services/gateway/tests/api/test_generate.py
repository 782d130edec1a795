"""POST /generate: rows as they are made, in order; and the dead letters."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from shared.bus.dead_letters import DeadLetter
from shared.events import BatchPlanned, BatchRefused, BatchSubmitted, RangeSettled


async def submitted(served: Any) -> BatchSubmitted:
    async with asyncio.timeout(5):
        while not (found := served.bus.events(BatchSubmitted)):
            await asyncio.sleep(0.01)
    event: BatchSubmitted = found[0]
    return event


def made(batch_id: str, first: int, count: int) -> RangeSettled:
    rows = "".join(f"{index},x\r\n" for index in range(first, first + count))
    return RangeSettled(
        batch_id=batch_id, first=first, count=count, state="generated", source="recipe",
        columns=["n", "text"], rows_csv=rows,
    )  # fmt: skip


@pytest.mark.parametrize("path", ["/generate", "/api/generate"])
async def test_rows_are_sent_on_in_order_as_they_are_made(served: Any, path: str) -> None:
    asked = asyncio.create_task(served.http.post(path, json={"description": "a product\ninventory", "rows": 9_000}))
    event = await submitted(served)
    assert event.batch.source.model_dump() == {
        "kind": "recipe", "recipe": "describe:a product inventory", "rows": 9_000, "seed": 42,
    }  # fmt: skip
    await served.feed(event, BatchPlanned(batch_id=event.batch_id, requested=9_000))
    await served.feed(made(event.batch_id, 8_192, 808), made(event.batch_id, 500, 7_692))
    await asyncio.sleep(0.1)
    assert not asked.done()
    await served.feed(made(event.batch_id, 0, 500))
    answer = await asked
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text == "n,text\r\n" + "".join(f"{index},x\r\n" for index in range(9_000))


async def test_a_recipe_can_be_named_instead_of_described(served: Any) -> None:
    asked = asyncio.create_task(served.http.post("/generate", json={"recipe": "inventory", "rows": 10}))
    event = await submitted(served)
    assert event.batch.source.recipe == "inventory"  # type: ignore[union-attr]
    await served.feed(event, BatchPlanned(batch_id=event.batch_id, requested=10), made(event.batch_id, 0, 10))
    answer = await asked
    assert answer.text.count("\r\n") == 11
    assert f"/api/batches/{event.batch_id}/rows.manifest.json" in answer.headers["link"]


@pytest.mark.parametrize("body", [{}, {"recipe": "inventory", "description": "x"}, {"recipe": "../x"}])
async def test_neither_both_nor_odd_names_are_refused(served: Any, body: dict[str, Any]) -> None:
    answer = await served.http.post("/generate", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"]


async def test_a_range_that_fails_before_the_first_row_is_a_problem(served: Any) -> None:
    asked = asyncio.create_task(served.http.post("/generate", json={"description": "x"}))
    event = await submitted(served)
    assert event.batch.source.rows == 1_000  # type: ignore[union-attr]
    await served.feed(event, BatchPlanned(batch_id=event.batch_id, requested=1_000))
    failed = RangeSettled(
        batch_id=event.batch_id, first=0, count=500, state="failed", category="validation", reason="No such recipe."
    )
    await served.feed(failed)
    answer = await asked
    assert (answer.status_code, answer.json()["detail"]) == (422, "No such recipe.")


async def test_a_refused_description_is_a_problem(served: Any) -> None:
    asked = asyncio.create_task(served.http.post("/generate", json={"description": "x"}))
    event = await submitted(served)
    await served.feed(event, BatchRefused(batch_id=event.batch_id, reason="The recipe is not known."))
    assert ((await asked).status_code, (await asked).json()["detail"]) == (422, "The recipe is not known.")


async def test_a_wrong_request_for_rows_is_pointed_at(served: Any) -> None:
    cases = [
        ({}, "/description"),
        ({"description": ""}, "/description"),
        ({"description": "  "}, "/description"),
        ({"description": "x", "rows": 0}, "/rows"),
        ({"description": "x", "rows": 10_000_001}, "/rows"),
        ({"description": "x", "rows": "many"}, "/rows"),
        ({"description": "x", "seed": -1}, "/seed"),
        ({"description": "x", "row": 1}, "/row"),
        ([], ""),
    ]
    for body, pointer in cases:
        answer = await served.http.post("/generate", json=body)
        assert answer.status_code == 422, body
        assert pointer in [error["pointer"] for error in answer.json()["errors"]], body
    assert (await served.http.post("/generate", content=b"{")).status_code == 400
    assert served.bus.published == []


LETTER = DeadLetter(
    partition=3, offset=7, reason="undecodable", error="no JSON", service="writer-svc", topic="results.v1",
    origin_partition=1, origin_offset=2, timestamp=1_700_000_000_000, buried_at=1_700_000_001_000, key=b"k",
    value=b"\xff{", headers=[], truncated_from=None,
)  # fmt: skip


async def test_dead_letters_are_listed_and_replayed(served: Any) -> None:
    served.letters.letters.append(LETTER)
    (item,) = (await served.http.get("/api/dead-letters")).json()["items"]
    assert (item["id"], item["reason"], item["topic"], item["replayable"]) == ("3:7", "undecodable", "results.v1", True)
    assert (await served.http.get("/api/dead-letters?topic=outcomes.v1")).json()["items"] == []
    answer = await served.http.post("/api/dead-letters/replay", json={"ids": ["3:7", "0:1"]})
    assert (answer.status_code, answer.json()) == (202, {"replayed": ["3:7"], "not_replayed": ["0:1"]})
    assert served.letters.replayed == [(3, 7)]
    wrong = await served.http.post("/api/dead-letters/replay", json={"ids": ["x"]})
    assert wrong.json()["errors"][0]["pointer"] == "/ids/0"
    assert (await served.http.post("/api/dead-letters/replay", json={"ids": []})).status_code == 422
