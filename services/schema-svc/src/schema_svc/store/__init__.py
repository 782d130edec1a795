"""What the service remembers: batches, their shares of work, ids and rows."""

from schema_svc.store.batches import BatchStore
from schema_svc.store.snapshots import StoredSnapshot

__all__ = ["BatchStore", "StoredSnapshot"]
