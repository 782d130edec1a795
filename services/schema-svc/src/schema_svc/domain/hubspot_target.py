"""What a HubSpot target must fulfil before anything is spent on its records."""

from __future__ import annotations

from collections.abc import Sequence

from shared.crm.hubspot_shapes import PropertyDefinition, is_read_only
from shared.crm.simcrm import EXTERNAL_ID, is_simcrm, is_upsert_key
from shared.events import HubSpotTarget

from schema_svc.domain.slots import Refused, did_you_mean

RECORD_ID = "hs_object_id"
"""As external id it means: update by HubSpot's own id."""


def refuse_unwritable_properties(target: HubSpotTarget, definitions: Sequence[PropertyDefinition]) -> None:
    """The written properties must exist or be ours to create, and be writable; the external id must be unique."""
    known = {definition["name"]: definition for definition in definitions}
    for name in [target.field] if target.field else list(target.fields or {}):
        if name not in known and not is_simcrm(name, target.object):
            raise Refused(
                f"The target names {name}, which is no property of {target.object}.{did_you_mean(name, known)}"
            )
        if name in known and is_read_only(known[name]):
            raise Refused(f"The property {name} of {target.object} is computed by HubSpot and cannot be written.")
    key = target.external_id
    if key is None or key in (RECORD_ID, EXTERNAL_ID):
        return
    if key not in known:
        raise Refused(f"The external id {key} is no property of {target.object}.{did_you_mean(key, known)}")
    if not is_upsert_key(known[key]):
        raise Refused(
            f"The property {key} of {target.object} does not have unique values, so HubSpot cannot upsert by it: leave "
            "external_id out, and records are upserted by simcrm_external_id."
        )
