"""Tables of large writes: results that wait, the jobs that they belong to, and batches that are held."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, LargeBinary, String, Table, Text

from writer_svc.store.metadata import metadata

WAITING = Table(
    "writer_waiting",
    metadata,
    # Results without a verdict, in the order in which they came: a new row is written at the end of the table, and
    # only one narrow index is kept in order for it.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("job", Integer, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("position", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    # None where the record belongs to no other.
    Column("parent", LargeBinary),
    # None where only the REST API can say it.
    Column("line", LargeBinary),
    Column("result", LargeBinary, nullable=False),
)
Index("writer_waiting_key", WAITING.c.job, WAITING.c.key, WAITING.c.position, WAITING.c.epoch)
_CHILD = WAITING.c.parent.is_not(None)
Index(
    "writer_waiting_parent",
    *(WAITING.c.job, WAITING.c.parent, WAITING.c.key, WAITING.c.position, WAITING.c.epoch),
    sqlite_where=_CHILD,
    postgresql_where=_CHILD,
)

KEPT = Table(
    "writer_kept",
    metadata,
    # Which results were ever kept, a bit each: one that comes again changes nothing, told or not.
    Column("batch_id", String(64), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("bits", LargeBinary, nullable=False),
)

JOBS = Table(
    "writer_bulk_jobs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("batch_id", String(64), nullable=False),
    Column("target", Text, nullable=False),
    # collecting, due, uploading, uploaded, ended
    Column("phase", String(16), nullable=False),
    Column("crm_id", String(18)),
    Column("attempt", Integer, nullable=False, default=0),
    Column("rows", Integer, nullable=False, default=0),
    Column("settled", Integer, nullable=False, default=0),
    Column("bytes", Integer, nullable=False, default=0),
    Column("first_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
    Column("not_before", Double, nullable=False, default=0.0),
)
Index("writer_bulk_jobs_open", JOBS.c.phase, JOBS.c.batch_id)

HOLDS = Table(
    "writer_holds",
    metadata,
    # Batches that the writer itself has paused until the org's daily limit leaves room again.
    Column("batch_id", String(64), primary_key=True),
)
