"""Work that one replica does at a time, and goes to another when its owner dies."""

from __future__ import annotations

from shared.errors import RecordsmithError
from sqlalchemy import Connection, or_, select, update

from writer_svc.store.metadata import LEASES, insert_new


class LeaseLost(RecordsmithError):
    """Another replica does this work now: whatever was under way here must not be stored."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the lease of {name} was lost")


def take(connection: Connection, name: str, owner: str, now: float, lease_s: float) -> int | None:
    """Take or renew the lease; its fence, or None while another owner holds it."""
    insert_new(connection, LEASES, [{"name": name, "owner": owner, "until": now + lease_s, "fence": 1}])
    renewed = update(LEASES).where(LEASES.c.name == name, LEASES.c.owner == owner, LEASES.c.until >= now)
    if connection.execute(renewed.values(until=now + lease_s)).rowcount == 0:
        # An owner whose lease ran out gets another fence too: its own work of before may still be under way.
        free = update(LEASES).where(LEASES.c.name == name, or_(LEASES.c.until < now, LEASES.c.owner == owner))
        connection.execute(free.values(owner=owner, until=now + lease_s, fence=LEASES.c.fence + 1))
    row = connection.execute(select(LEASES.c.owner, LEASES.c.fence).where(LEASES.c.name == name)).one()
    return int(row.fence) if row.owner == owner else None


def hold(connection: Connection, name: str, fence: int) -> None:
    """Make sure that nobody else took over; until the transaction ends nobody can."""
    held = update(LEASES).where(LEASES.c.name == name, LEASES.c.fence == fence).values(fence=fence)
    if connection.execute(held).rowcount != 1:
        raise LeaseLost(name)


def give_back(connection: Connection, name: str, owner: str) -> None:
    """Let another replica go on at once."""
    connection.execute(update(LEASES).where(LEASES.c.name == name, LEASES.c.owner == owner).values(until=0.0))
