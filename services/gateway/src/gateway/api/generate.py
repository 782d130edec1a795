"""Rows from a description (S3-16): a recipe batch like any other, whose rows are sent on as they are made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from shared.events import CHUNK, BatchSpec, CsvTarget, RecipeSource

from gateway.api import drafts
from gateway.api.batches import Here, batch_of
from gateway.api.context import Gateway
from gateway.api.docs import json_body_of
from gateway.api.manifests import manifest_link
from gateway.api.problems import Problem
from gateway.api.requests import GenerateRequest, body_of
from gateway.api.submitting import submit
from gateway.domain.csv_text import lines
from gateway.domain.segment import row_parts, row_ranges
from gateway.domain.states import FINAL
from gateway.store import segments
from gateway.store.changes import within

router = APIRouter(tags=["generate"])
LOOK_AGAIN_S = 0.5


class NotMade(Exception):  # says what happened
    """Rows that could not be made, with the reason."""


@router.post("/api/generate", response_class=StreamingResponse, openapi_extra=json_body_of("GenerateRequest"))
@router.post("/generate", response_class=StreamingResponse, openapi_extra=json_body_of("GenerateRequest"))
async def generate_rows(request: Request, gateway: Here) -> StreamingResponse:
    """Make rows as described; the answer begins with the first ones that are made."""
    wanted = await body_of(GenerateRequest, request)
    spec = batch_for(wanted)
    draft = drafts.Draft(spec, drafts.hash_of(spec.model_dump(mode="json")))
    batch_id, _ = await submit(gateway, draft, None)
    rows = _rows(gateway, batch_id)
    try:
        async with asyncio.timeout(gateway.generate_within_s):
            first = await anext(rows)
    except NotMade as error:
        raise Problem(422, str(error), slug="not-made") from error
    except TimeoutError as error:
        raise Problem(504, f"No row was made in time; batch {batch_id} goes on.", slug="slow") from error
    headers = {
        "X-Batch-Id": batch_id,
        "Link": manifest_link(batch_id),
        "Content-Disposition": 'attachment; filename="rows.csv"',
    }
    return StreamingResponse(_all(first, rows), media_type="text/csv; charset=utf-8", headers=headers)


def batch_for(wanted: GenerateRequest) -> BatchSpec:
    """The batch that a description, or the name of a recipe, stands for."""
    description = " ".join((wanted.description or wanted.recipe or "").split())
    name = "".join(letter for letter in description if letter.isprintable())[:200] or "Rows"
    source = RecipeSource(
        kind="recipe", recipe=wanted.recipe or f"describe:{description}", rows=wanted.rows, seed=wanted.seed
    )
    return BatchSpec(name=name, source=source, target=CsvTarget(kind="csv"), seed=wanted.seed, lane="interactive")


async def _all(first: str, rows: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for text in rows:
        yield text


async def _rows(gateway: Gateway, batch_id: str) -> AsyncIterator[str]:
    """Header and rows in index order, each as soon as it is there. Raises `NotMade`."""
    reader, header = _Reader(gateway, batch_id), False
    with gateway.changes.of(batch_id) as changed:
        while True:
            changed.clear()
            account = (await batch_of(gateway, batch_id)).account
            found = await reader.look()
            while (text := reader.following()) is not None:
                if not header:
                    yield lines([reader.columns])
                    header = True
                yield text
            if reader.next_chunk():
                continue
            if account.requested is not None and reader.index >= account.requested:
                return
            if account.stage in FINAL and not found:
                raise NotMade(account.reason or f"The batch was {account.stage} before its rows were made.")
            await within(changed, LOOK_AGAIN_S)


class _Reader:
    """Goes through a batch's ranges in index order while they are still being made, in any order."""

    def __init__(self, gateway: Gateway, batch_id: str) -> None:
        self.index = 0
        self.columns: list[str] = []
        self._gateway = gateway
        self._batch_id = batch_id
        self._chunk = 0
        self._sequence = 0
        self._ready: dict[int, tuple[int, str]] = {}

    async def look(self) -> bool:
        """Read what is new in the present chunk; whether there was anything. Raises `NotMade`."""
        read = partial(segments.read, batch_id=self._batch_id, chunk=self._chunk, after=self._sequence)
        new = await self._gateway.database.read(read)
        for sequence, lines_ in new:
            self._sequence = sequence
            for verdict in row_ranges([lines_]):
                if verdict["state"] != "generated":
                    raise NotMade(verdict.get("reason") or f"The rows from {verdict['first']} on: {verdict['state']}.")
                self.columns = verdict.get("columns") or self.columns
                self._ready |= {first: (count, text) for first, count, text in row_parts(verdict)}
        return bool(new)

    def following(self) -> str | None:
        """The next rows, if they are there."""
        count, text = self._ready.pop(self.index, (0, None))
        self.index += count
        return text

    def next_chunk(self) -> bool:
        """Go on to the next chunk when this one is through."""
        if self.index // CHUNK == self._chunk:
            return False
        self._chunk, self._sequence, self._ready = self.index // CHUNK, 0, {}
        return True
