"""What a target must fulfil before anything is spent on its records."""

from __future__ import annotations

from shared.crm.describe import FieldDescribe, ObjectDescribe
from shared.events import BatchSpec, CrmAnalyticsTarget, HubSpotTarget, SalesforceSource, SalesforceTarget

from schema_svc.domain.slots import Refused, did_you_mean


def refuse_unsupported(spec: BatchSpec) -> None:
    """Kinds that are not there yet, and combinations that would silently write nothing."""
    target = spec.target
    if isinstance(target, CrmAnalyticsTarget) and spec.mode == "run":
        raise Refused(f"Targets of kind {target.kind} are not supported yet; use salesforce, hubspot, csv or none.")
    if isinstance(target, HubSpotTarget) and spec.prompt is None:
        raise Refused("Rows of a recipe are not written to HubSpot; use the target csv or none, or give a prompt.")
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


def refuse_unwritable(target: SalesforceTarget, described: ObjectDescribe) -> None:
    """The written fields must exist and be writable, the external id must be one."""
    fields = {field["name"]: field for field in described["fields"]}
    for name in [target.field] if target.field else list(target.fields or {}):
        field = _known(name, fields, target.object)
        if not field.get("updateable"):
            raise Refused(f"The target field {name} of {target.object} cannot be written by this user.")
    if target.external_id is not None:
        key = _known(target.external_id, fields, target.object)
        if not (key.get("externalId") or key.get("idLookup")):
            raise Refused(
                f"The field {target.external_id} of {target.object} is not an external id: tick External ID and Unique "
                "in its definition, or choose another field."
            )


def _known(name: str, fields: dict[str, FieldDescribe], sobject: str) -> FieldDescribe:
    if name not in fields:
        raise Refused(
            f"The target field {name} is not a field of {sobject}, or this user has no field-level security for it."
            f"{did_you_mean(name, fields)}"
        )
    return fields[name]
