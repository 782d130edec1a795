"""Records of a CRM: look at them, make some to begin with, delete test records (S0-40 … S0-43, S0-35)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from shared.errors import Fatal, RecordsmithError, Retryable

from gateway.api.context import Gateway, gateway_of
from gateway.api.docs import json_body_of
from gateway.api.problems import Mistake, Problem, unprocessable
from gateway.api.requests import CreateRecordsRequest, DeleteRecordsRequest, body_of
from gateway.domain.crm_records import Change, RecordBook, Refused, filled, is_empty
from gateway.store import created

router = APIRouter(prefix="/api/crm/{crm}/objects/{object_name}", tags=["CRM records"])
Here = Annotated[Gateway, Depends(gateway_of)]
SAMPLED = 200
"""Records that tell how well a field is filled."""


@router.get("/fields")
async def list_fields(crm: str, object_name: str, gateway: Here) -> dict[str, Any]:
    """The fields of an object with their types, and how many of its first 200 records have a value."""
    with _told():
        book = _book(gateway, crm)
        fields = await book.fields(object_name)
        names = [field.name for field in fields]
        sample = (await book.page(object_name, names, limit=SAMPLED, cursor=None)).records
    have = filled(sample, names)
    return {"sampled": len(sample), "items": [{**asdict(field), "filled": have[field.name]} for field in fields]}


@router.get("/records")
async def list_records(
    crm: str,
    object_name: str,
    gateway: Here,
    fields: Annotated[str | None, Query(description="names with commas between them; unset: all")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Records in an order that stays, with the names of the fields that are empty, and whether they were made here."""
    with _told():
        book = _book(gateway, crm)
        asked = [name.strip() for name in fields.split(",") if name.strip()] if fields else None
        names = asked or [field.name for field in await book.fields(object_name)]
        page = await book.page(object_name, names, limit=limit, cursor=cursor)
    keys = {record_id: book.key(object_name, record_id) for record_id, _ in page.records}
    ours = await gateway.database.read(lambda connection: created.among(connection, crm, list(keys.values())))
    items = [
        {
            "id": record_id,
            "values": values,
            "empty": [name for name in names if is_empty(values.get(name))],
            "created_here": keys[record_id] in ours,
        }
        for record_id, values in page.records
    ]
    return {"items": items, "next_cursor": page.next_cursor}


@router.post("/records", openapi_extra=json_body_of("CreateRecordsRequest"))
async def create_records(crm: str, object_name: str, request: Request, gateway: Here) -> dict[str, Any]:
    """Make empty records, or records with base values, for a batch to fill; each with its own verdict."""
    wanted = await body_of(CreateRecordsRequest, request)
    if (wanted.rows is None) == (wanted.count is None):
        raise unprocessable([Mistake("", "give `rows` or `count`", "count: so many records with the same `values`")])
    rows = wanted.rows if wanted.rows is not None else [wanted.values or {}] * (wanted.count or 0)
    with _told():
        book = _book(gateway, crm)
        changes = await book.create(object_name, rows)
    made = [book.key(object_name, change.id) for change in changes if change.state == "created" and change.id]
    now = gateway.now()
    await gateway.database.write(lambda connection: created.note(connection, crm, object_name, made, now))
    return _answer(changes, "created")


@router.delete("/records", openapi_extra=json_body_of("DeleteRecordsRequest"))
async def delete_records(crm: str, object_name: str, request: Request, gateway: Here) -> dict[str, Any]:
    """Delete records that were made here; others only with `confirm`, and then for good or all the same."""
    wanted = await body_of(DeleteRecordsRequest, request)
    book = _book(gateway, crm)
    keys = {record_id: book.key(object_name, record_id) for record_id in wanted.ids}
    ids = list(keys)
    ours = await gateway.database.read(lambda connection: created.among(connection, crm, list(keys.values())))
    others = [one for one, key in keys.items() if key not in ours]
    if others and not wanted.confirm:
        named = ", ".join(others[:3]) + (" …" if len(others) > 3 else "")
        detail = f"{len(others)} of {len(ids)} records were not made here ({named}); nothing was deleted."
        raise Problem(
            409,
            f'{detail} Send "confirm": true, or --confirm with the command, to delete them too.',
            slug="not-confirmed",
        )
    with _told():
        changes = await book.delete(object_name, ids)
    gone = [keys[change.id] for change in changes if change.state == "deleted" and change.id]
    await gateway.database.write(lambda connection: created.forget(connection, crm, gone))
    return _answer(changes, "deleted")


def _answer(changes: Sequence[Change], state: str) -> dict[str, Any]:
    done = sum(change.state == state for change in changes)
    return {state: done, "failed": len(changes) - done, "items": [asdict(change) for change in changes]}


def _book(gateway: Gateway, crm: str) -> RecordBook:
    if (book := gateway.books.get(crm)) is None:
        known = ", ".join(gateway.books) or "none"
        raise Problem(404, f"No CRM of this name is configured; configured: {known}.", slug="no-such-crm")
    return book


@contextmanager
def _told() -> Iterator[None]:
    """What a CRM refuses, as a problem."""
    try:
        yield
    except Refused as refused:
        raise Problem(422 if refused.found else 404, str(refused), slug="crm-refused") from refused
    except Retryable as away:
        raise Problem(503, f"{away}; try again later.", slug="crm-unavailable") from away
    except (Fatal, RecordsmithError) as error:
        raise Problem(502, f"The CRM cannot be used: {error}.", slug="crm-unusable") from error
