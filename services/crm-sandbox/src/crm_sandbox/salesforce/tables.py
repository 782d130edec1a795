"""The tables that records lie in."""

import sqlite3

from crm_sandbox.salesforce.schema import Field, SObject


def create_table(db: sqlite3.Connection, one: SObject) -> None:
    """A table with a column for each field, or the missing columns of one that is there."""
    db.execute(f'CREATE TABLE IF NOT EXISTS {one.table} ("Id" TEXT NOT NULL)')
    there = {row[1] for row in db.execute(f"PRAGMA table_info({one.table})")}
    for field in one.fields.values():
        if field.name not in there:
            db.execute(f"ALTER TABLE {one.table} ADD COLUMN {field.column} {_affinity(field)}")
        if field.is_key and f"{field.name}~key" not in there:
            db.execute(f"ALTER TABLE {one.table} ADD COLUMN {field.key_column} TEXT")
            folded = field.column if field.case_sensitive else f"fold({field.column})"
            db.execute(f"UPDATE {one.table} SET {field.key_column} = {folded}")


def create_indexes(db: sqlite3.Connection, one: SObject) -> None:
    """Apart from the table, because a million rows go in faster without them."""
    db.execute(f'CREATE UNIQUE INDEX IF NOT EXISTS "{one.name}~id" ON {one.table} ("Id")')
    db.execute(f'CREATE INDEX IF NOT EXISTS "{one.name}~deleted" ON {one.table} ("IsDeleted")')
    for field in one.key_fields:
        index = f'"{one.name}~{field.name}"'
        db.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {one.table} ({field.key_column})")


def _affinity(field: Field) -> str:
    if field.type == "boolean":
        return "INTEGER NOT NULL DEFAULT 0"
    return {"int": "INTEGER", "double": "REAL", "currency": "REAL", "percent": "REAL"}.get(field.type, "TEXT")
