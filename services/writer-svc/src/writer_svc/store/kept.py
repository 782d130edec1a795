"""Which results of a batch were ever kept: a bit each, by chunks, however many there are."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select, tuple_, update

from writer_svc.store.bulk_tables import KEPT
from writer_svc.store.metadata import insert_new

CHUNK = 8_192
"""Bits of one row: as many as the ledger has in one of its own."""

Place = tuple[int, int]
"""Epoch and position of a result."""


def note(connection: Connection, batch_id: str, places: Sequence[Place]) -> list[bool]:
    """Whether each is new, and remember it. Of two writers one is told so: the bits are locked until the end."""
    wanted = sorted({(epoch, position // CHUNK) for epoch, position in places})
    bits = _locked(connection, batch_id, wanted)
    new = [_set(bits[epoch, position // CHUNK], position % CHUNK) for epoch, position in places]
    changed = {(epoch, position // CHUNK) for (epoch, position), is_new in zip(places, new, strict=True) if is_new}
    if changed:
        mine = KEPT.c.batch_id == batch_id, KEPT.c.epoch == bindparam("of"), KEPT.c.chunk == bindparam("at")
        lines = [{"of": epoch, "at": at, "bits": bytes(bits[epoch, at])} for epoch, at in sorted(changed)]
        connection.execute(update(KEPT).where(*mine), lines)
    return new


def _locked(connection: Connection, batch_id: str, wanted: Sequence[Place]) -> dict[Place, bytearray]:
    query = select(KEPT.c.epoch, KEPT.c.chunk, KEPT.c.bits).where(
        KEPT.c.batch_id == batch_id, tuple_(KEPT.c.epoch, KEPT.c.chunk).in_(wanted)
    )
    # In one order by everybody: no two writers wait for each other.
    query = query.order_by(KEPT.c.epoch, KEPT.c.chunk).with_for_update()
    found = connection.execute(query).all()
    if len(found) < len(wanted):
        empty = bytes(CHUNK // 8)
        missing = [{"batch_id": batch_id, "epoch": epoch, "chunk": at, "bits": empty} for epoch, at in wanted]
        insert_new(connection, KEPT, missing)
        found = connection.execute(query).all()
    return {(epoch, at): bytearray(bits) for epoch, at, bits in found}


def _set(bits: bytearray, at: int) -> bool:
    """Set one bit; whether it was clear."""
    byte, mask = at >> 3, 1 << (at & 7)
    if bits[byte] & mask:
        return False
    bits[byte] |= mask
    return True
