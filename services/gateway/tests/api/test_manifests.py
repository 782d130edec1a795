"""The manifest of a batch's rows: one root hash, whoever made the rows and however they were cut."""

from __future__ import annotations

from typing import Any

from gateway.domain.row_hashes import block_hashes, raw_records
from hypothesis import given
from hypothesis import strategies as st
from shared.events import BatchPlanned, BatchSpec, BatchSubmitted, CsvTarget, RangeSettled, RecipeSource
from shared.row_blocks import BLOCK, blocks, leaf, root

ROWS = 9_000
ORIGIN = {"recipe": "inventory", "version": 2, "as_of": "2025-10-01"}


def row(index: int) -> str:
    return f'{index},"a ""b""\r\nc"\r\n'


def text_of(first: int, count: int) -> str:
    return "".join(map(row, range(first, first + count)))


def made(batch_id: str, first: int, count: int, *, with_leaves: bool = True) -> RangeSettled:
    hashes = [leaf(text_of(at, size).encode()).hex() for at, size in blocks(first, count)]
    return RangeSettled.model_validate(
        {
            "batch_id": batch_id, "first": first, "count": count, "state": "generated", "source": "recipe",
            "columns": ["n", "text"], "rows_csv": text_of(first, count), "origin": ORIGIN,
            "leaves": hashes if with_leaves else None,
        }
    )  # fmt: skip


ROOT = root(["n", "text"], 0, [leaf(text_of(at, size).encode()) for at, size in blocks(0, ROWS)], ROWS)


async def planned(served: Any) -> str:
    source = RecipeSource(kind="recipe", recipe="inventory", rows=ROWS, seed=7)
    spec = BatchSpec(name="rows", source=source, target=CsvTarget(kind="csv"), seed=7, lane="bulk")
    answer = await served.http.post("/api/batches", json=spec.model_dump(mode="json"))
    batch_id: str = answer.json()["id"]
    (event,) = [one for one in served.bus.events(BatchSubmitted) if one.batch_id == batch_id]
    await served.feed(event, BatchPlanned(batch_id=batch_id, requested=ROWS))
    return batch_id


async def test_the_root_is_the_same_however_the_rows_were_cut(served: Any) -> None:
    cuts: list[list[tuple[int, int, bool]]] = [
        [(0, 4_096, True), (4_096, 4_096, True), (8_192, 808, True)],
        [(0, 1_000, True), (1_000, 7_192, False), (8_192, 808, True)],
    ]
    for cut in cuts:
        batch_id = await planned(served)
        await served.feed(*(made(batch_id, first, count, with_leaves=told) for first, count, told in reversed(cut)))
        manifest = (await served.http.get(f"/api/batches/{batch_id}/rows.manifest.json")).json()
        assert manifest == ORIGIN | {
            "seed": 7, "start": 0, "rows": ROWS, "format": "csv", "block": BLOCK, "root": ROOT,
            "columns": [{"name": "n"}, {"name": "text"}],
        }  # fmt: skip
        rows = await served.http.get(f"/api/batches/{batch_id}/rows.csv")
        assert f"/api/batches/{batch_id}/rows.manifest.json" in rows.headers["link"]
        assert rows.text == "n,text\r\n" + text_of(0, ROWS)


async def test_there_is_no_root_before_all_rows_are_made(served: Any) -> None:
    batch_id = await planned(served)
    await served.feed(made(batch_id, 0, 4_096))
    answer = await served.http.get(f"/api/batches/{batch_id}/rows.manifest.json")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:recordsmith:problem:no-rows")


@given(st.lists(st.text('ab,"\r\n', max_size=5), max_size=30))
def test_records_are_cut_where_they_end_and_nowhere_else(cells: list[str]) -> None:
    records = [f'"{cell.replace(chr(34), chr(34) * 2)}"\r\n'.encode() for cell in cells]
    assert list(raw_records(b"".join(records).decode())) == records


def test_a_block_has_2048_records() -> None:
    assert block_hashes(text_of(0, 2_049)) == [leaf(text_of(0, 2_048).encode()), leaf(row(2_048).encode())]
