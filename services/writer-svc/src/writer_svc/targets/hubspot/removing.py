"""Archives in HubSpot what was deleted at its source: found by a unique property, and put into the recycling bin."""

from __future__ import annotations

from collections.abc import Sequence

from shared.crm.hubspot import BATCH, HubSpotSession
from shared.crm.hubspot_paths import plural
from shared.crm.hubspot_refusals import HubSpotRefused
from shared.events import HubSpotTarget, RecordGenerated

from writer_svc.domain.hubspot_answers import refusal_of
from writer_svc.domain.hubspot_rows import folded_key
from writer_svc.domain.verdicts import DELETED, NOTHING_TO_DELETE, Verdict, failed

Told = list[tuple[RecordGenerated, Verdict]]

NO_KEY = failed("REQUIRED_FIELD_MISSING", "The deleted record has no value to find HubSpot's record by.")


async def archived(session: HubSpotSession, target: HubSpotTarget, results: Sequence[RecordGenerated]) -> Told:
    """A verdict for each. Raises `Retryable` for what could not be asked at all.

    HubSpot does not find archived records by a property: one that is archived already is told as nothing to delete.
    """
    told: Told = [(result, NO_KEY) for result in results if not _key(result)]
    keys = list(dict.fromkeys(_key(result) for result in results if _key(result)))
    verdicts: dict[str, Verdict] = {}
    for start in range(0, len(keys), BATCH):
        some = keys[start : start + BATCH]
        try:
            verdicts |= await _archive(session, target, some)
        except HubSpotRefused as refused:
            verdicts |= dict.fromkeys(some, refusal_of(refused.body).verdict())
    return told + [(result, verdicts[_key(result)]) for result in results if _key(result)]


async def _archive(session: HubSpotSession, target: HubSpotTarget, keys: Sequence[str]) -> dict[str, Verdict]:
    object_type, name = plural(target.object), target.external_id or ""
    found = await session.read(object_type, keys, [name], id_property=name)
    ids = {folded_key((one.get("properties") or {}).get(name)): str(one["id"]) for one in found}
    if ids:
        await session.archive(object_type, list(dict.fromkeys(ids.values())))
    found_ids = {key: ids.get(folded_key(key)) for key in keys}
    return {key: DELETED._replace(crm_id=one) if one else NOTHING_TO_DELETE for key, one in found_ids.items()}


def _key(result: RecordGenerated) -> str:
    return (result.external_id or "").strip()
