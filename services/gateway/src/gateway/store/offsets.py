"""How far each topic was folded: stored in the same transaction as the effect, so that nothing counts twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, select, tuple_

from gateway.store.inserts import upsert
from gateway.store.tables import projection_offsets

Partition = tuple[str, int]
"""(topic, partition)"""

_NAMED = (
    select(projection_offsets)
    .where(
        tuple_(projection_offsets.c.topic, projection_offsets.c.partition).in_(bindparam("partitions", expanding=True))
    )
    .with_for_update()
)
"""Put together once: that takes longer than to execute it."""


def load(connection: Connection, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """The next offset of each partition that was read before."""
    rows = connection.execute(_NAMED, {"partitions": list(partitions)})
    return {(row.topic, row.partition): row.next_offset for row in rows}


def save(connection: Connection, positions: Mapping[Partition, int]) -> None:
    """Remember the next offsets."""
    rows = [
        {"topic": topic, "partition": partition, "next_offset": offset}
        for (topic, partition), offset in sorted(positions.items())
    ]
    upsert(connection, projection_offsets, rows)
