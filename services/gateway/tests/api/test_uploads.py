"""POST /api/batches with a file of rows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from shared.events import BatchSubmitted, RowsAttached

BATCH: dict[str, Any] = {
    "name": "Letters",
    "prompt": {"template": "Write to {{name}}"},
    "fallback": "fail",
    "target": {"kind": "csv"},
}


async def upload(served: Any, name: str, content: str | bytes, batch: Any = BATCH, **headers: str) -> Any:
    text = batch if isinstance(batch, str) else json.dumps(batch)
    return await served.http.post(
        "/api/batches", data={"batch": text}, files={"rows": (name, content)}, headers=headers
    )


def attached(served: Any) -> list[dict[str, Any]]:
    return [row for event in served.bus.events(RowsAttached) for row in event.rows]


async def test_the_rows_of_a_csv_file_travel_ahead_of_the_batch(served: Any) -> None:
    rows = "".join(f'r{n},"Ann, {n}",{"x" * 500}\r\n' for n in range(3_000))
    answer = await upload(served, "people.csv", "\ufeffid,name,note\r\n" + rows)
    assert answer.status_code == 202, answer.text
    (submitted,) = served.bus.events(BatchSubmitted)
    parts = served.bus.events(RowsAttached)
    assert [part.part for part in parts] == list(range(submitted.batch.source.parts))
    assert len(parts) > 5
    assert {event.key() for event in [*parts, submitted]} == {answer.json()["id"]}
    sent = attached(served)
    assert len(sent) == 3_000
    assert sent[7] == {"id": "r7", "name": "Ann, 7", "note": "x" * 500}


async def test_json_lines_keep_their_types(served: Any) -> None:
    answer = await upload(served, "people.jsonl", '{"name": "Ann", "age": 7}\n\n{"name": null, "tags": ["a"]}\n')
    assert answer.status_code == 202, answer.text
    assert attached(served) == [{"name": "Ann", "age": 7}, {"name": None, "tags": ["a"]}]


async def test_the_same_key_with_another_file_is_refused(served: Any) -> None:
    first = await upload(served, "a.csv", "name\nAnn\n", **{"idempotency-key": "k"})
    again = await upload(served, "a.csv", "name\nAnn\n", **{"idempotency-key": "k"})
    other = await upload(served, "a.csv", "name\nBea\n", **{"idempotency-key": "k"})
    assert again.json()["id"] == first.json()["id"]
    assert (other.status_code, len(served.bus.events(BatchSubmitted))) == (422, 1)


@pytest.mark.parametrize(
    ("name", "content", "pointer", "said"),
    [
        ("a.csv", "name\nAnn\nBea,7\n", "/rows/3", "line 3"),
        ("a.csv", b"name\n\xff\n", "/rows/1", "UTF-8"),
        ("a.csv", "name\n", "/rows", "no row"),
        ("a.csv", "nom\nAnn\n", "/prompt/template", "{{name}}"),
        ("a.xlsx", "x", "/rows", "not known"),
        ("a.jsonl", '{"name": "A"}\n{"name":', "/rows/2", "not valid JSON"),
    ],
)
async def test_a_bad_file_is_refused_with_its_line_and_nothing_is_published(
    served: Any, name: str, content: str | bytes, pointer: str, said: str
) -> None:
    answer = await upload(served, name, content)
    assert answer.status_code == 422
    (mistake, *_) = answer.json()["errors"]
    assert mistake["pointer"] == pointer
    assert said in mistake["detail"]
    assert served.bus.published == []


@pytest.mark.parametrize(
    ("batch", "status"),
    [
        ("{", 400),
        ("[]", 422),
        (json.dumps(BATCH | {"source": {"kind": "salesforce", "object": "Claim__c"}}), 422),
        (json.dumps(BATCH | {"source": {"kind": "rows", "rows": [{"id": "1"}]}}), 422),
        (json.dumps(BATCH | {"promt": {}}), 422),
    ],
)
async def test_a_bad_description_beside_a_file_is_refused(served: Any, batch: str, status: int) -> None:
    answer = await upload(served, "a.csv", "name\nAnn\n", batch)
    assert answer.status_code == status, answer.text
    assert served.bus.published == []


async def test_a_form_without_a_file_is_refused(served: Any) -> None:
    answer = await served.http.post("/api/batches", data={"batch": json.dumps(BATCH)}, files={"other": ("a.csv", "x")})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/rows"


async def test_a_broker_that_is_away_accepts_nothing(served: Any) -> None:
    served.bus.down = "silent"
    answer = await upload(served, "a.csv", "name\nAnn\n")
    assert answer.status_code == 503
