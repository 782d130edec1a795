"""Results as CSV, streamed chunk by chunk, so that a million records take no more memory than eight thousand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from gateway.api.batches import Here, batch_of
from gateway.api.context import Gateway
from gateway.api.manifests import manifest_link
from gateway.api.problems import Problem
from gateway.domain import answer_schema
from gateway.domain.csv_text import lines, safe_cell
from gateway.store import records, submissions
from gateway.store.batches import Batch

router = APIRouter(prefix="/api/batches", tags=["results"])
_RESULT = ("index", "record_id", "state", "category", "source", "provider", "model", "answer")
_STRUCTURED = ("Record ID", "Batch Name", "Parameter Name", "Value")
Row = list[Any]
Item = dict[str, Any]


@router.get("/{batch_id}/result.csv", response_class=StreamingResponse)
async def download_result(batch_id: str, gateway: Here) -> StreamingResponse:
    """One line a record, then one column per top-level field of the response schema."""
    batch = await batch_of(gateway, batch_id)
    fields = await _fields(gateway, batch)
    header = [*_RESULT, *(f"answer.{name}" if name in _RESULT else safe_cell(name) for name in fields)]

    def rows(items: Iterable[Item]) -> Iterable[Row]:
        return (_result_row(item, fields) for item in items)

    return _download(f"{batch_id}.csv", _by_chunk(gateway, batch, header, rows))


@router.get("/{batch_id}/structured_response.csv", response_class=StreamingResponse)
async def download_structured_response(batch_id: str, gateway: Here) -> StreamingResponse:
    """S1-31: a row for every field of every answer; objects and lists as JSON (S1-33)."""
    batch = await batch_of(gateway, batch_id)

    def rows(items: Iterable[Item]) -> Iterable[Row]:
        return (row for item in items for row in _structured_rows(item, batch.name))

    return _download("structured_response.csv", _by_chunk(gateway, batch, list(_STRUCTURED), rows))


@router.get("/{batch_id}/rows.csv", response_class=StreamingResponse)
async def download_rows(batch_id: str, gateway: Here) -> StreamingResponse:
    """The rows of a recipe with nothing but its own columns. 409 while there are none."""
    batch = await batch_of(gateway, batch_id)
    columns = await _columns(gateway, batch)
    if not columns:
        raise Problem(409, "The batch has no rows: it is not one of a recipe, or none are made yet.", slug="no-rows")
    answer = _download(f"{batch_id}.csv", _rows_of(gateway, batch, columns))
    answer.headers["Link"] = manifest_link(batch_id)
    return answer


def _download(name: str, text: AsyncIterator[str]) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(text, media_type="text/csv; charset=utf-8", headers=headers)


async def _by_chunk(
    gateway: Gateway, batch: Batch, header: Row, rows: Callable[[Iterable[Item]], Iterable[Row]]
) -> AsyncIterator[str]:
    account = batch.account
    yield lines([header])
    for number in await gateway.database.read(partial(records.numbers, account=account)):
        items = await gateway.database.read(partial(records.of_chunk, account=account, number=number))
        yield await asyncio.to_thread(lambda some: lines(rows(some)), items)


async def _rows_of(gateway: Gateway, batch: Batch, columns: list[str]) -> AsyncIterator[str]:
    account = batch.account
    yield lines([columns])
    for number in await gateway.database.read(partial(records.numbers, account=account)):
        some = partial(records.rows_of_chunk, batch_id=account.batch_id, number=number)
        for text in await gateway.database.read(some):
            yield text


def _result_row(item: Item, fields: list[str]) -> Row:
    values = item["values"] or {}
    # Ours are states and names that we know; what an LLM or a CRM wrote is made safe.
    own = [item["index"], safe_cell(item["record_id"]), item["state"], item["category"], item["source"]]
    theirs = [item["provider"], item["model"], item["answer"], *(values.get(name) for name in fields)]
    return [*own, *(safe_cell(value) for value in theirs)]


def _structured_rows(item: Item, name: str) -> Iterable[Row]:
    values = item["values"] if item["values"] is not None else {"answer": item["answer"]} if item["answer"] else {}
    record_id = item["record_id"] if item["record_id"] is not None else str(item["index"])
    return ([safe_cell(record_id), safe_cell(name), safe_cell(key), safe_cell(value)] for key, value in values.items())


async def _fields(gateway: Gateway, batch: Batch) -> list[str]:
    spec = await gateway.database.read(lambda connection: submissions.spec_of(connection, batch.account.batch_id))
    schema = ((spec or {}).get("prompt") or {}).get("response_schema")
    return answer_schema.fields(schema) or await _columns(gateway, batch)


async def _columns(gateway: Gateway, batch: Batch) -> list[str]:
    """Columns of a recipe's rows; none for a batch of any other source."""
    account = batch.account
    spec = await gateway.database.read(lambda connection: submissions.spec_of(connection, account.batch_id))
    if (spec or {}).get("source", {}).get("kind") != "recipe" or not account.totals["generated"]:
        return []
    return (await gateway.database.read(lambda connection: records.origin(connection, account)))[0]
