"""Rows into a table of PostgreSQL: all or nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid4

import psycopg
import pytest
from generator_svc.datasets.making import Wanted, make_table
from generator_svc.datasets.slices import Job
from generator_svc.rows.language.data_set import recipe_of
from psycopg import sql
from shared.errors import Rejected

pytestmark = pytest.mark.postgres
RECIPE = recipe_of(
    {
        "name": "odd",
        "columns": {
            "id": "sequence",
            "text": {"type": "choice", "values": ["a,b", "=1+1", "", 'say "hi"\n'], "null_rate": 0.2},
            "money": {"type": "pareto", "min": 1, "max": 900},
            "day": "date",
            "at": {"type": "datetime", "null_rate": 0.5},
            "yes": "boolean",
        },
    }
)


@pytest.fixture
def address() -> str:
    return os.environ["DATABASE_URL"].replace("+psycopg", "")


@pytest.fixture
def table(address: str) -> Iterator[str]:
    name = f'rows "{uuid4().hex[:8]}"'
    yield name
    with psycopg.connect(address) as connection:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name)))


def wanted(address: str, table: str, rows: int = 20_000) -> Wanted:
    return Wanted(Job(RECIPE, 42, RECIPE.as_of, "postgresql"), 0, rows, address, table)


def test_the_table_holds_the_rows_as_they_are(address: str, table: str) -> None:
    make_table(wanted(address, table))
    with psycopg.connect(address) as connection:
        query = sql.SQL("SELECT * FROM {} ORDER BY id").format(sql.Identifier(table))
        found = connection.execute(query).fetchall()
    made = RECIPE.batch(42, 0, 20_000, RECIPE.as_of).to_pylist()
    assert [tuple(row.values()) for row in made] == found
    assert isinstance(found[0][2], Decimal)


def test_a_table_that_is_there_stays_as_it_is(address: str, table: str) -> None:
    make_table(wanted(address, table, 10))
    with pytest.raises(Rejected, match="is there already and stays as it is"):
        make_table(wanted(address, table, 20))
    with psycopg.connect(address) as connection:
        count = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    assert count == (10,)


def test_a_database_that_is_not_there_is_said_so_without_its_password() -> None:
    with pytest.raises(Rejected, match="cannot be reached") as refused:
        make_table(wanted("postgresql://user:secret@127.0.0.1:1/none", "rows"))
    assert "secret" not in str(refused.value)
