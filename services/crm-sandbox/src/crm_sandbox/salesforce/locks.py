"""Which records are locked, because a bulk job writes their children right now."""

from collections.abc import Iterable

from crm_sandbox.salesforce.errors import RecordError


class Locks:
    """Empty unless jobs are told to lock; each job holds the parents of the rows it wrote last."""

    def __init__(self) -> None:
        self._held: dict[str, frozenset[str]] = {}

    def hold(self, owner: str, ids: Iterable[str]) -> None:
        self._held[owner] = frozenset(ids)

    def release(self, owner: str) -> None:
        self._held.pop(owner, None)

    def demand_free(self, record_id: str, owner: str) -> None:
        """Refuse where somebody else holds the record."""
        for holder, ids in self._held.items():
            if holder != owner and record_id in ids:
                raise locked(record_id)


def locked(record_id: str) -> RecordError:
    """The refusal of a record whose parent is locked."""
    message = f"unable to obtain exclusive access to this record or 1 records: {record_id}"
    return RecordError("UNABLE_TO_LOCK_ROW", message)
