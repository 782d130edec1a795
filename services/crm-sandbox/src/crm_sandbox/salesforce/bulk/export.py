"""The work on a query job: its rows as CSV, and the place of each so that any page can be served."""

import asyncio
import sqlite3
from array import array
from collections.abc import Iterator
from typing import Any

from crm_sandbox.salesforce.bulk.dialect import DELIMITERS, LINE_ENDS, Quoting
from crm_sandbox.salesforce.bulk.files import JobFiles
from crm_sandbox.salesforce.bulk.job import Job, State
from crm_sandbox.salesforce.bulk.pace import begin_batch
from crm_sandbox.salesforce.bulk.workshop import Workshop
from crm_sandbox.salesforce.errors import RequestError
from crm_sandbox.salesforce.schema import Field, Schema
from crm_sandbox.salesforce.soql.compiler import Compiled, compiled
from crm_sandbox.salesforce.soql.parser import parse

_UNWRITABLE = frozenset({"address", "location", "base64"})
_FETCH = 2_000


def checked(soql: str, schema: Schema, shop: Workshop, *, deleted_too: bool) -> Compiled:
    """The query, or why a bulk job cannot run it: no counts, no compound fields."""
    query = compiled(parse(soql), schema, shop.clock, deleted_too=deleted_too)
    if query.counts:
        raise RequestError("API_ERROR", "Aggregate Relationships not supported in Bulk Query")
    for field in query.fields:
        if field.type in _UNWRITABLE:
            message = f"Selecting compound data not supported in Bulk Query: {field.name}"
            raise RequestError("FUNCTIONALITY_NOT_ENABLED", message)
    return query


async def export(job: Job, shop: Workshop) -> None:
    """Run the query beside the loop; a client polls meanwhile."""
    job.state = State.IN_PROGRESS
    shop.save(job)
    loop = asyncio.get_running_loop()
    faults = await begin_batch(job, shop, 1)
    try:
        if fault := next((one for one in faults if one.code or one.status), None):
            raise RequestError(fault.code or "InternalServerError", "The query could not be processed")
        query = checked(job.query or "", shop.schema, shop, deleted_too=job.operation == "queryAll")
        count = await loop.run_in_executor(shop.reading, _write, job, query, shop.store.reader, shop.files(job))
    except RequestError as error:
        job.state, job.error = State.FAILED, f"{error.code}: {error.message}"
    except sqlite3.Error:
        job.state, job.error = State.FAILED, "QUERY_TIMEOUT: Your query request was running for too long."
    else:
        job.processed = count
        if job.state is State.IN_PROGRESS:
            job.state = State.JOB_COMPLETE
    job.modified_at = shop.clock.now()
    shop.save(job)


def header_line(job: Job, fields: tuple[Field, ...]) -> bytes:
    """The names in quotes."""
    mark = DELIMITERS[job.column_delimiter]
    return (mark.join(f'"{field.name}"' for field in fields) + LINE_ENDS[job.line_ending]).encode()


def _write(job: Job, query: Compiled, db: sqlite3.Connection, files: JobFiles) -> int:
    files.folder.mkdir(parents=True, exist_ok=True)
    quoting = Quoting(delimiter=job.column_delimiter, line_ending=job.line_ending)
    places = array("q")
    with files.result.open("wb") as file:
        file.write(header_line(job, query.fields))
        for values in _rows(db, query):
            places.append(file.tell())
            cells = [_cell(field, value) for field, value in zip(query.fields, values, strict=True)]
            file.write(quoting.line(cells))
        places.append(file.tell())
    files.places.write_bytes(places.tobytes())
    return len(places) - 1


def _rows(db: sqlite3.Connection, query: Compiled) -> Iterator[tuple[Any, ...]]:
    """The fields of the rows that the query finds, in its order."""
    numbers = array("q", (number for (number,) in db.execute(query.sql, query.values)))
    columns = "".join(f", {field.column}" for field in query.fields)
    for start in range(0, len(numbers), _FETCH):
        wanted = numbers[start : start + _FETCH]
        marks = ", ".join("?" * len(wanted))
        sql = f"SELECT rowid{columns} FROM {query.object.table} WHERE rowid IN ({marks})"
        found = {values[0]: values[1:] for values in db.execute(sql, tuple(wanted))}
        yield from (found[number] for number in wanted if number in found)


def _cell(field: Field, value: Any) -> str:
    """CSV as bulk queries write it: nothing for null, and Z where REST writes +0000."""
    if value is None:
        return ""
    if field.type == "boolean":
        return "true" if value else "false"
    if field.type == "datetime":
        return f"{str(value).removesuffix('+0000')}Z"
    return str(value)
