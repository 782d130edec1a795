"""A data set into the database: streamed, and the same import again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from prior_auth.data_set import DataSet, Record
from prior_auth.policy_text import passages_of
from prior_auth.tables import DATA_SETS, FORMS, PASSAGES, PATIENTS, PLANS

_ROWS = 2_000
"""Patients per transaction: what a crash costs, and the bound on memory."""


def import_data_set(engine: Engine, data: DataSet, told: Callable[[int], object] = lambda _rows: None) -> int:
    """Number of patients written; 0 where this data set is there already.

    Patients are upserted by their id, so an import that was broken off is simply repeated. Those of another data set
    are removed at the end, when the new ones are all there.
    """
    if _is_there(engine, data):
        return 0
    with engine.begin() as connection:
        connection.execute(delete(DATA_SETS))
    written = 0
    for records in _chunked(data.patients(), _ROWS):
        with engine.begin() as connection:
            _upsert(connection, PATIENTS, [_patient(record) for record in records])
        written += len(records)
        told(written)
    with engine.begin() as connection:
        _replace_the_rest(connection, data)
        _remove_beyond(connection, written)
        connection.execute(DATA_SETS.insert().values(
            recipe=data.recipe, root=data.root, rows=written, as_of=data.as_of
        ))  # fmt: skip
    return written


def _is_there(engine: Engine, data: DataSet) -> bool:
    with engine.connect() as connection:
        return connection.scalar(select(DATA_SETS.c.root)) == data.root


def _patient(record: Record) -> dict[str, Any]:
    return {
        "patient_id": record["patient_id"],
        "payer": record["insurance"]["payer"],
        "last_name": record["demographics"]["last_name"],
        "member_id": record["insurance"]["member_id"],
        "record": record,
    }


def _replace_the_rest(connection: Connection, data: DataSet) -> None:
    """Plans, forms and passages are few: all of them anew."""
    plans = data.plans()
    rows: dict[Table, list[dict[str, Any]]] = {
        PLANS: [{"payer": pair["payer"], "drug": pair["drug"], "decision": pair} for pair in plans],
        FORMS: [{"payer": form["payer"], "form": form} for form in data.forms()],
        PASSAGES: list(passages_of(data.policies(), plans)),
    }
    for table, values in rows.items():
        connection.execute(delete(table))
        if values:
            connection.execute(table.insert(), values)


def _remove_beyond(connection: Connection, count: int) -> None:
    """Ids count from P001 without a gap, so longer ones and larger ones of the same length are of an earlier import."""
    last, column = f"P{count:03}", PATIENTS.c.patient_id
    longer = func.length(column) > len(last)
    connection.execute(delete(PATIENTS).where(longer | ((func.length(column) == len(last)) & (column > last))))


def _upsert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    others = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), rows)


def _chunked(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    rest = iter(records)
    while chunk := list(islice(rest, size)):
        yield chunk
