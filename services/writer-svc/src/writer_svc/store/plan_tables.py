"""Tables of planned batches: what each record would become, what it was, and what is to be done with the plan."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Integer, LargeBinary, String, Table, Text

from writer_svc.store.metadata import metadata

PLANS = Table(
    "writer_plans",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("target", Text, nullable=False),
    Column("made_at", Double, nullable=False),
)

PLAN_ROWS = Table(
    "writer_plan_rows",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("position", Integer, primary_key=True),
    # planned, applied, found, closed
    Column("phase", String(16), nullable=False),
    Column("crm_id", String(64)),
    # The row, packed: result, key, body, the values before, action.
    Column("row", LargeBinary, nullable=False),
)

PLAN_PARENTS = Table(
    "writer_plan_parents",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("key", String(320), primary_key=True),
    # planned, applied, found, closed
    Column("phase", String(16), nullable=False),
    Column("crm_id", String(64)),
    # The parent, packed: name, body, the values before, its id if it was there.
    Column("row", LargeBinary, nullable=False),
)

APPROVALS = Table(
    "writer_approvals",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("undo", Boolean, nullable=False),
    Column("done", Boolean, nullable=False),
)
