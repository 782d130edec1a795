"""What the contract's types cannot say: which valid values make no sense together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shared.crm.deletions import objection_to_deletes
from shared.events import (
    BatchSpec,
    CrmAnalyticsTarget,
    HubSpotTarget,
    RecipeSource,
    RowsSource,
    SalesforceSource,
    SalesforceTarget,
)

from gateway.api.problems import Mistake
from gateway.domain import answer_schema
from gateway.domain.slots import unknown_slots


def objections(batch: BatchSpec, *, rows_in_a_file: bool = False) -> list[Mistake]:
    """Everything about a well-formed batch that cannot work. Rows in a file are looked at by who reads the file."""
    rows = _rows_beside(batch) if rows_in_a_file else _rows(batch)
    return [*_names(batch), *rows, *_answers(batch), *_target(batch), *_plan(batch), *_deletes(batch)]


def _names(batch: BatchSpec) -> Iterator[Mistake]:
    if not batch.name.isprintable() or not batch.name.strip():
        yield Mistake("/name", "a name is one line of printable characters")


def _rows_beside(batch: BatchSpec) -> Iterator[Mistake]:
    if not isinstance(batch.source, RowsSource):
        yield Mistake("/source/kind", "a file of rows belongs to a source of kind `rows`", "leave `source` out")
    elif batch.source.rows or batch.source.parts:
        yield Mistake("/source", "the rows are in the file", "leave `source` out")


def _rows(batch: BatchSpec) -> Iterator[Mistake]:
    if not isinstance(batch.source, RowsSource):
        return
    rows = batch.source.rows
    if batch.source.parts:
        yield Mistake("/source/parts", "parts are for the bus", "over HTTP put all rows into `rows`")
    if not rows:
        yield Mistake("/source/rows", "there must be at least one row")
    ids = Counter(row.get("id") for row in rows if isinstance(row.get("id"), str))
    for index, row in enumerate(rows):
        given = row.get("id")
        if not isinstance(given, str) or not 1 <= len(given) <= 255:
            yield Mistake(f"/source/rows/{index}/id", "every row needs an `id`: text of 1 to 255 characters")
        elif ids[given] > 1:
            yield Mistake(f"/source/rows/{index}/id", "this id is given to more than one row")
    for slot in unknown_slots(batch.prompt.template, rows) if batch.prompt and rows else ():
        yield Mistake(
            "/prompt/template",
            f"no row has a value for the slot {{{{{slot}}}}}",
            f"slots are fields of the rows: {slot} is none",
        )


def _answers(batch: BatchSpec) -> Iterator[Mistake]:
    schema = batch.prompt.response_schema if batch.prompt else None
    if schema is not None and (objection := answer_schema.objection(schema)):
        yield Mistake("/prompt/response_schema", objection)
    target = batch.target
    if not isinstance(target, SalesforceTarget | HubSpotTarget) or not target.fields:
        return
    if schema is None:
        yield Mistake("/target/fields", "a field mapping needs keys to map", "give /prompt/response_schema as well")
        return
    known = answer_schema.fields(schema)
    for field, key in target.fields.items():
        if known and key not in known:
            yield Mistake(f"/target/fields/{field}", "the response schema has no such property", ", ".join(known))


def _plan(batch: BatchSpec) -> Iterator[Mistake]:
    if batch.mode == "plan" and not isinstance(batch.target, SalesforceTarget | HubSpotTarget):
        where = f"a batch for {batch.target.kind} cannot be planned"
        yield Mistake("/mode", where, "mode plan is for the targets salesforce and hubspot")


def _deletes(batch: BatchSpec) -> Iterator[Mistake]:
    if (found := objection_to_deletes(batch)) is not None:
        yield Mistake(found.pointer, found.detail, found.hint)


def _target(batch: BatchSpec) -> Iterator[Mistake]:
    source, target = batch.source, batch.target
    if isinstance(target, CrmAnalyticsTarget) and batch.prompt is None:
        yield Mistake("/target/kind", "rows of a recipe are not written to a CRM by a batch", "one of csv, none")
    if not isinstance(target, SalesforceTarget | HubSpotTarget):
        return
    if isinstance(source, RecipeSource) and (batch.prompt is None or isinstance(target, SalesforceTarget)):
        yield Mistake("/target/kind", "rows of a recipe are not written to a CRM by a batch", "one of csv, none")
    elif (
        isinstance(target, SalesforceTarget)
        and isinstance(source, SalesforceSource)
        and not target.external_id
        and source.object != target.object
    ):
        yield Mistake(
            "/target/object",
            f"records of {source.object} can only be updated as {source.object}",
            "or give /target/external_id",
        )
    elif isinstance(source, RowsSource) and target.external_id:
        for index, row in enumerate(source.rows):
            if row.get(target.external_id) in (None, ""):
                yield Mistake(
                    f"/source/rows/{index}/{target.external_id}", "the external id of the target is missing in this row"
                )
