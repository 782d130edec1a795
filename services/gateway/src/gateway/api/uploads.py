"""A batch whose rows are a file: the request and the file in one multipart form.

The file is read twice: once to find what is wrong with it, and only then, row by row, onto the bus. So a mistake in
the last line leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import islice
from pathlib import PurePath
from typing import BinaryIO

from fastapi import Request
from pydantic_core import from_json
from shared.events import Event, RowsAttached, RowsSource, SalesforceTarget
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from gateway.api import drafts
from gateway.api.drafts import Draft
from gateway.api.problems import Mistake, Problem, unprocessable
from gateway.domain.parts import Row, grouped
from gateway.domain.row_files import READERS, SUFFIXES, BadRow, RowFormat, checked
from gateway.domain.slots import slots_of

MAX_FILE = 1024 * 1024 * 1024
PARTS_AT_ONCE = 16


@dataclass(frozen=True)
class RowFile:
    """A file of rows that was found good."""

    file: BinaryIO
    format: RowFormat

    def rows(self) -> Iterator[tuple[int, Row]]:
        """(line, row) from the beginning. Raises `BadRow`."""
        self.file.seek(0)
        text = io.TextIOWrapper(self.file, encoding="utf-8-sig", newline="")
        try:
            yield from READERS[self.format](text)
        except UnicodeDecodeError as error:
            raise BadRow(1, "the file is not UTF-8", "save it as UTF-8") from error
        finally:
            text.detach()  # else the wrapper would close the file with itself

    def digest(self) -> str:
        """A hash of the file's bytes."""
        self.file.seek(0)
        hashed = blake2b(digest_size=16)
        while piece := self.file.read(1 << 20):
            hashed.update(piece)
        return hashed.hexdigest()

    async def attachments(self, batch_id: str) -> AsyncIterator[list[Event]]:
        """The rows as events that travel ahead of the command, some at a time."""
        parts = enumerate(grouped(row for _, row in self.rows()))
        while some := await asyncio.to_thread(lambda: list(islice(parts, PARTS_AT_ONCE))):
            yield [RowsAttached(batch_id=batch_id, part=number, rows=rows, requested_by="api") for number, rows in some]


def is_upload(request: Request) -> bool:
    """Whether a request brings its rows as a file."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


@asynccontextmanager
async def draft_of(request: Request) -> AsyncIterator[tuple[Draft, RowFile]]:
    """The batch of a form with the fields `batch` (JSON) and `rows` (a file). Raises 4xx problems for anything else."""
    if int(request.headers.get("content-length") or 0) > MAX_FILE:
        raise Problem(413, "The file is larger than 1 GB. Split it into several batches.", slug="too-large")
    try:
        async with request.form(max_files=1, max_fields=1, max_part_size=drafts.MAX_BODY) as form:
            described, upload = form.get("batch"), form.get("rows")
            file = await _file_of(upload)
            spec = _spec_of(described)
            yield await _checked(spec, file), file
    except MultiPartException as error:
        raise Problem(400, "The form cannot be read as multipart/form-data.", slug="no-form") from error


async def _file_of(upload: object) -> RowFile:
    if not isinstance(upload, UploadFile):
        raise unprocessable(
            [Mistake("/rows", "the form needs a file in its field `rows`", "curl: -F rows=@claims.csv")]
        )
    suffix = PurePath(upload.filename or "").suffix.lower()
    if suffix not in SUFFIXES:
        raise unprocessable([Mistake("/rows", "this kind of file is not known", f"one of {', '.join(SUFFIXES)}")])
    return RowFile(upload.file, SUFFIXES[suffix])


def _spec_of(described: object) -> Draft:
    try:
        payload = from_json(described if isinstance(described, str) else "", allow_inf_nan=False)
    except ValueError as error:
        raise Problem(400, "The form's field `batch` is not valid JSON.", slug="no-json") from error
    if not isinstance(payload, dict):
        raise unprocessable([Mistake("/batch", "the field must hold a JSON object")])
    payload.setdefault("source", {"kind": "rows"})
    return drafts.draft_of(payload, rows_in_a_file=True)


async def _checked(draft: Draft, file: RowFile) -> Draft:
    """The draft with its number of parts and a hash that the file is part of."""
    target = draft.spec.target
    required = target.external_id if isinstance(target, SalesforceTarget) else None
    try:
        contents = await asyncio.to_thread(lambda: checked(file.rows(), required=required))
    except BadRow as bad:
        raise unprocessable([Mistake(f"/rows/{bad.line}", f"line {bad.line}: {bad.detail}", bad.hint)]) from bad
    if not contents.rows:
        raise unprocessable([Mistake("/rows", "the file has no row")])
    template = draft.spec.prompt.template if draft.spec.prompt else ""
    unknown = [slot for slot in slots_of(template) if slot not in contents.columns]
    if unknown:
        known = ", ".join(list(contents.columns)[:20])
        raise unprocessable(
            [
                Mistake("/prompt/template", f"the file has no column for the slot {{{{{slot}}}}}", known)
                for slot in unknown
            ]
        )
    spec = draft.spec.model_copy(update={"source": RowsSource(kind="rows", rows=[], parts=contents.parts)})
    digest = await asyncio.to_thread(file.digest)
    return replace(draft, spec=spec, body_hash=f"{draft.body_hash[:32]}{digest}")
