"""Tables of the application, the same in SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, Engine, Integer, MetaData, String, Table, Text, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB

METADATA = MetaData()
_RECORD = JSON().with_variant(JSONB(), "postgresql")

DATA_SETS = Table(
    "data_sets", METADATA,
    Column("recipe", String, primary_key=True),
    Column("root", String(64), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("as_of", Date, nullable=False),
)  # fmt: skip
"""Which data set is in here: its root hash says whether there is anything to do."""

PATIENTS = Table(
    "patients", METADATA,
    Column("patient_id", String, primary_key=True),
    Column("payer", String, nullable=False, index=True),
    Column("last_name", String, nullable=False, index=True),
    Column("member_id", String, nullable=False, index=True),
    Column("record", _RECORD, nullable=False),
)  # fmt: skip

PLANS = Table(
    "plans", METADATA,
    Column("payer", String, primary_key=True),
    Column("drug", String, primary_key=True),
    Column("decision", _RECORD, nullable=False),
)  # fmt: skip

FORMS = Table(
    "forms", METADATA,
    Column("payer", String, primary_key=True),
    Column("form", _RECORD, nullable=False),
)  # fmt: skip

PASSAGES = Table(
    "passages", METADATA,
    Column("id", Integer, primary_key=True),
    Column("payer", String, nullable=False, index=True),
    Column("drug", String, nullable=False),
    Column("policy", String, nullable=False),
    Column("heading", String, nullable=False),
    Column("text", Text, nullable=False),
)  # fmt: skip
"""Parts of the policy texts; `id` is the key of the vector in the policy index."""


def database(url: str) -> Engine:
    """An engine on `sqlite:///file` or `postgresql://…`, with the tables made where they are missing."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            url = f"postgresql+psycopg://{url.removeprefix(scheme)}"
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _wal)
    METADATA.create_all(engine)
    return engine


def _wal(connection: object, _record: object) -> None:
    """Readers do not wait for an import; a crash loses at most the last transaction, and an import is repeatable."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()
