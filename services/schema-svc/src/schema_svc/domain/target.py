"""What a target must fulfil before anything is spent on its records."""

from __future__ import annotations

from shared.crm.deletions import objection_to_deletes
from shared.crm.describe import FieldDescribe, ObjectDescribe
from shared.events import (
    BatchSpec,
    CrmAnalyticsTarget,
    HubSpotTarget,
    SalesforceSource,
    SalesforceTarget,
)

from schema_svc.domain.slots import Refused, did_you_mean


def refuse_unsupported(spec: BatchSpec) -> None:
    """Kinds that are not there yet, and combinations that would silently write nothing."""
    target = spec.target
    if isinstance(target, HubSpotTarget) and spec.prompt is None:
        raise Refused("Rows of a recipe are not written to HubSpot; use the target csv or none, or give a prompt.")
    if isinstance(target, CrmAnalyticsTarget) and spec.prompt is None:
        raise Refused(
            "Rows of a recipe are not written to CRM Analytics; use the target csv or none, or give a prompt."
        )
    if (found := objection_to_deletes(spec)) is not None:
        raise Refused(f"The batch cannot delete: {found.detail}. Remedy: {found.hint}.")
    if spec.mode == "plan" and not isinstance(target, SalesforceTarget | HubSpotTarget):
        raise Refused(f"A batch for {target.kind} cannot be planned: mode plan is for salesforce and hubspot.")
    if not isinstance(target, SalesforceTarget):
        return
    if spec.prompt is None:
        raise Refused("Rows of a recipe are not written to Salesforce; use the target csv or none, or give a prompt.")
    if target.external_id is not None:
        return
    if isinstance(spec.source, SalesforceSource) and spec.source.object != target.object:
        raise Refused(
            f"The records of {spec.source.object} cannot be updated as {target.object}: "
            f"name the source's object, or an external_id of {target.object} to upsert by."
        )
    if spec.source.kind == "recipe":
        raise Refused("Records of a recipe have no Salesforce id: give the target an external_id.")


def lacks_external_id(target: SalesforceTarget, described: ObjectDescribe) -> bool:
    """Whether the target upserts by a field that this user does not see."""
    known = {field["name"] for field in described["fields"]}
    return target.external_id is not None and target.external_id not in known


def is_ambiguous(target: SalesforceTarget, described: ObjectDescribe) -> bool:
    """Whether two records may have the same external id, so that concurrent upserts make duplicates (check 15)."""
    key = next((field for field in described["fields"] if field["name"] == target.external_id), None)
    return key is not None and bool(key.get("externalId")) and not key.get("unique")


def refuse_unwritable(target: SalesforceTarget, described: ObjectDescribe, *, user: str = "this user") -> None:
    """The written fields must exist and be writable, the external id must be one. Each refusal names the remedy."""
    fields = {field["name"]: field for field in described["fields"]}
    if target.deletes == "delete" and not described.get("deletable", True):
        raise Refused(
            f"Records of {target.object} cannot be deleted by {user}: grant Delete on it, or leave `deletes`."
        )
    for name in [target.field] if target.field else list(target.fields or {}):
        _refuse_read_only(_known(name, fields, target.object), target.object)
    if target.external_id is None:
        return
    if target.external_id in (target.field, *(target.fields or {})):
        raise Refused(
            f"The field {target.external_id} of {target.object} is both the external id and a target field: an answer "
            "cannot change by which key its record is found. Choose another field."
        )
    if target.external_id not in fields:
        raise Refused(
            f"There is no external id field {target.external_id} on {target.object} that {user} can see."
            f"{_meant(target.external_id, fields)} Create a Text(64) field, tick External ID and Unique, and grant "
            "read and edit access (field-level security) to the profile or a permission set of the user; or set "
            "SF_CREATE_EXTERNAL_ID=true."
        )
    key = fields[target.external_id]
    if not (key.get("externalId") or key.get("idLookup")):
        raise Refused(
            f"The field {target.external_id} of {target.object} is not an external id: tick External ID and Unique "
            "in its definition, or choose another field."
        )
    if key.get("externalId") and not (key.get("createable") and key.get("updateable", True)):
        raise Refused(
            f"The external id field {target.external_id} of {target.object} cannot be written by {user}: grant edit "
            "access (field-level security) to the profile or a permission set of the user."
        )


def _refuse_read_only(field: FieldDescribe, sobject: str) -> None:
    if field.get("updateable"):
        return
    why = next((text for fact, text in _READ_ONLY.items() if field.get(fact)), None)
    if field.get("type") in _COMPOUND:
        why = "it is put together from other fields, such as BillingCity; choose one of those"
    elif field["name"] in _SYSTEM:
        why = "Salesforce itself keeps it; choose another field"
    why = why or "grant edit access (field-level security), or choose another field"
    raise Refused(f"The target field {field['name']} of {sobject} cannot be written by this user: {why}.")


_COMPOUND = frozenset({"address", "location"})
_SYSTEM = frozenset(
    {"Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}
)
_READ_ONLY = {
    "calculated": "it is a formula, whose value Salesforce computes",
    "autoNumber": "it is an auto-number, which Salesforce gives",
}


def _known(name: str, fields: dict[str, FieldDescribe], sobject: str) -> FieldDescribe:
    if name not in fields:
        raise Refused(
            f"The target field {name} is not a field of {sobject}, or this user has no field-level security for it."
            f"{_meant(name, fields)}"
        )
    return fields[name]


def _meant(name: str, fields: dict[str, FieldDescribe]) -> str:
    """A label says the same to a person, and something else to the API."""
    label = name.replace("_", " ").removesuffix("  c").casefold()
    for field in fields.values():
        if str(field.get("label", "")).casefold() in (name.casefold(), label):
            return f" {field['label']} is its label: its API name is {field['name']}."
    return did_you_mean(name, fields)
