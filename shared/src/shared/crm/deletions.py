"""Which batches may delete in a CRM what was deleted at their source (contract check 27)."""

from __future__ import annotations

from typing import NamedTuple

from shared.crm.hubspot_paths import plural
from shared.events import BatchPlan, BatchSpec, HubSpotSource, HubSpotTarget, SalesforceSource, SalesforceTarget

_RECORD_IDS = frozenset({"Id", "hs_object_id"})


class Objection(NamedTuple):
    """What is wrong with a batch."""

    pointer: str
    """JSON pointer into the request."""
    detail: str
    hint: str


def deletes(batch: BatchSpec | BatchPlan) -> bool:
    """Whether deleted source records are deleted at the target. A test never writes, and so never deletes."""
    return batch.mode == "run" and wants_deletes(batch)


def wants_deletes(batch: BatchSpec | BatchPlan) -> bool:
    """Whether the target asks for it."""
    target = batch.target
    return isinstance(target, SalesforceTarget | HubSpotTarget) and target.deletes == "delete"


def objection_to_deletes(batch: BatchSpec) -> Objection | None:
    """Why the target cannot delete; None where it can, or does not ask to."""
    if not wants_deletes(batch):
        return None
    where, source, external_id = "/target/deletes", batch.source, getattr(batch.target, "external_id", None)
    if not isinstance(source, SalesforceSource | HubSpotSource) or source.deleted != "forward":
        said = "only a source that reads deleted records says what is to be deleted"
        return Objection(where, said, "give /source/deleted `forward`, for a source of kind salesforce or hubspot")
    if external_id is None or external_id in _RECORD_IDS:
        said = "the record to delete is found by a key that the deleted source record holds"
        return Objection(where, said, "give /target/external_id, a field of both that is unique in the target")
    if batch.mode == "plan":
        said = "a planned batch cannot delete: a plan could not be undone"
        return Objection(where, said, "leave `deletes` out, or use the mode run")
    if source.kind == batch.target.kind and _is_same_object(batch):
        said = "source and target are the same records: what is deleted there needs no deleting"
        return Objection(where, said, "leave `deletes` out, or name another /target/object")
    return None


def _is_same_object(batch: BatchSpec) -> bool:
    source, target = getattr(batch.source, "object", ""), getattr(batch.target, "object", "")
    if isinstance(batch.target, HubSpotTarget):
        return plural(source) == plural(target)
    return str(source).casefold() == str(target).casefold()
