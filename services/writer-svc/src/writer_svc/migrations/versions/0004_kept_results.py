"""What waits for a large write lies in the order in which it came; which results were kept is a bit each."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004_kept_results"
down_revision = "0003_plans"
branch_labels = None
depends_on = None

CHUNK = 8_192
PAGE = 1_000


def upgrade() -> None:
    """Create the tables, move what waits, and drop the one table for both."""
    waiting = op.create_table(
        "writer_waiting",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("job", sa.Integer, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("parent", sa.LargeBinary),
        sa.Column("line", sa.LargeBinary),
        sa.Column("result", sa.LargeBinary, nullable=False),
    )
    kept = op.create_table(
        "writer_kept",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True),
        sa.Column("chunk", sa.Integer, primary_key=True),
        sa.Column("bits", sa.LargeBinary, nullable=False),
    )
    _move(op.get_bind(), waiting, kept)
    # Made when the rows are there.
    op.create_index("writer_waiting_key", "writer_waiting", ["job", "key", "position", "epoch"])
    child = sa.text("parent IS NOT NULL")
    op.create_index(
        "writer_waiting_parent",
        "writer_waiting",
        ["job", "parent", "key", "position", "epoch"],
        sqlite_where=child,
        postgresql_where=child,
    )
    op.drop_table("writer_staged")


def downgrade() -> None:
    """Go back to one table. Of results that had their verdict nothing is known any more: they may come again."""
    staged = op.create_table(
        "writer_staged",
        sa.Column("batch_id", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True),
        sa.Column("job", sa.Integer, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("place", sa.LargeBinary, nullable=False),
        sa.Column("line", sa.LargeBinary),
        sa.Column("result", sa.LargeBinary),
        sa.Column("settled", sa.Boolean, nullable=False),
    )
    op.create_index("writer_staged_place", "writer_staged", ["job", "settled", "place"])
    op.create_index("writer_staged_key", "writer_staged", ["job", "key"])
    query = sa.text(
        "SELECT j.batch_id, w.position, w.epoch, w.job, w.key, w.parent, w.line, w.result FROM writer_waiting w"
        " JOIN writer_bulk_jobs j ON j.number = w.job"
    )
    for page in _pages(op.get_bind(), query):
        op.bulk_insert(staged, [_placed(dict(row._mapping)) for row in page])
    for table in ("writer_kept", "writer_waiting"):
        op.drop_table(table)


def _move(connection: sa.Connection, waiting: sa.Table, kept: sa.Table) -> None:
    bits: dict[tuple[str, int, int], bytearray] = {}
    query = sa.text(
        "SELECT batch_id, position, epoch, job, key, place, line, result, settled FROM writer_staged"
        " ORDER BY batch_id, position, epoch"
    )
    for page in _pages(connection, query):
        for row in page:
            chunk = bits.setdefault((row.batch_id, row.epoch, row.position // CHUNK), bytearray(CHUNK // 8))
            chunk[row.position % CHUNK >> 3] |= 1 << (row.position & 7)
        rows = [
            {name: getattr(row, name) for name in ("job", "key", "position", "epoch", "line", "result")}
            | {"parent": bytes(row.place).split(b"\x1f", 1)[0] or None}
            for row in page
            if not row.settled
        ]
        op.bulk_insert(waiting, rows)
    op.bulk_insert(
        kept,
        [
            {"batch_id": batch_id, "epoch": epoch, "chunk": chunk, "bits": bytes(known)}
            for (batch_id, epoch, chunk), known in bits.items()
        ],
    )


def _pages(connection: sa.Connection, query: sa.TextClause) -> Iterator[Any]:
    yield from connection.execute(query, execution_options={"yield_per": PAGE}).partitions(PAGE)


def _placed(row: dict[str, Any]) -> dict[str, Any]:
    parent = row.pop("parent") or b""
    place = b"\x1f".join([parent, row["key"], b"%010d" % row["position"], b"%06d" % row["epoch"]])
    return {**row, "place": place, "settled": False}
