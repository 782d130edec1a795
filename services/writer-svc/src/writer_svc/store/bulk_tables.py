"""Tables of large writes: results that wait, the jobs that they belong to, and batches that are held."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Index, Integer, LargeBinary, String, Table, Text

from writer_svc.store.metadata import metadata

STAGED = Table(
    "writer_staged",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("job", Integer, nullable=False),
    Column("key", LargeBinary, nullable=False),
    # Parent, key and position: the order in which the job is sent.
    Column("place", LargeBinary, nullable=False),
    # None where only the REST API can say it.
    Column("line", LargeBinary),
    # Emptied once the record has its verdict; the row stays, so that a result that comes again changes nothing.
    Column("result", LargeBinary),
    Column("settled", Boolean, nullable=False, default=False),
)
Index("writer_staged_place", STAGED.c.job, STAGED.c.settled, STAGED.c.place)
Index("writer_staged_key", STAGED.c.job, STAGED.c.key)

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
