"""What a batch's rows follow from, and the root hash over them: the manifest that `recordsmith verify` takes."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter
from shared.row_blocks import BLOCK, root

from gateway.api.batches import Here, batch_of
from gateway.api.context import Gateway
from gateway.api.problems import Problem
from gateway.domain.account import Account
from gateway.store import records, submissions

router = APIRouter(prefix="/api/batches", tags=["results"])


def manifest_link(batch_id: str) -> str:
    """A `Link` header (RFC 8288) that leads from rows to their manifest."""
    return f'</api/batches/{batch_id}/rows.manifest.json>; rel="describedby"; type="application/json"'


@router.get("/{batch_id}/rows.manifest.json")
async def show_manifest(batch_id: str, gateway: Here) -> dict[str, Any]:
    """Recipe, version, seed and root hash of the rows: the same as of `recordsmith generate` for the same rows.

    409 until every row is made. Saved beside `rows.csv` as `rows.csv.manifest.json`, `recordsmith verify` checks it.
    """
    account = (await batch_of(gateway, batch_id)).account
    if account.requested is None or account.totals["generated"] != account.requested:
        raise Problem(409, "Not every row of the batch is made; only then there is a root hash.", slug="no-rows")
    columns, origin = await gateway.database.read(partial(records.origin, account=account))
    spec = await gateway.database.read(partial(submissions.spec_of, batch_id=batch_id)) or {}
    source = spec.get("source") or {}
    if source.get("kind") != "recipe" or not columns or not origin:
        raise Problem(409, "The batch has no rows: it is not one of a recipe.", slug="no-rows")
    return origin | {
        "seed": source["seed"], "start": 0, "rows": account.requested, "format": "csv", "block": BLOCK,
        "columns": [{"name": name} for name in columns], "root": await _root(gateway, account, columns),
    }  # fmt: skip


async def _root(gateway: Gateway, account: Account, columns: list[str]) -> str:
    hashes: list[bytes] = []
    for number in await gateway.database.read(partial(records.numbers, account=account)):
        hashes += await gateway.database.read(partial(records.leaves_of_chunk, account=account, number=number))
    return root(columns, 0, hashes, account.requested or 0)
