"""What a portal holds now of the records that a plan is about."""

from __future__ import annotations

from collections.abc import Sequence

from shared.crm.hubspot import BATCH, HubSpotSession

from writer_svc.domain.hubspot_rows import folded_key
from writer_svc.domain.planning import Values

MORE_EMAILS = "hs_additional_emails"
"""HubSpot finds a contact by any of its addresses."""


async def values_of(
    session: HubSpotSession, object_type: str, id_property: str | None, wanted: Sequence[tuple[str, Values]]
) -> dict[str, Values]:
    """The values of `wanted` (a key, and what is written there) by folded key; `hs_object_id` is the record's id.

    A key property that is not there yet finds nothing.
    """
    found: dict[str, Values] = {}
    names = list(dict.fromkeys(("hs_object_id", *(name for _, body in wanted for name in body))))
    if id_property is not None:
        names += [id_property, MORE_EMAILS] if id_property == "email" else [id_property]
        if id_property not in {one["name"] for one in await session.definitions(object_type)}:
            return found
    for start in range(0, len(wanted), BATCH):
        asked = list(dict.fromkeys(key for key, _ in wanted[start : start + BATCH]))
        for one in await session.read(object_type, asked, names, id_property=id_property):
            shown = {**(one.get("properties") or {}), "hs_object_id": one["id"]}
            keys = [shown[id_property or "hs_object_id"]]
            keys += str(shown.get(MORE_EMAILS) or "").split(";") if id_property == "email" else []
            found |= {folded_key(key): shown for key in keys if key}
    return found


def as_kept(properties: dict[str, str]) -> dict[str, str]:
    """As HubSpot keeps and shows them: e-mails in lower case, nothing for blanks."""
    kept = {name: value if value.strip() else "" for name, value in properties.items()}
    return kept | {name: value.strip().lower() for name, value in kept.items() if name == "email"}


def as_written(values: Values) -> dict[str, str]:
    """Earlier values as HubSpot takes them: an empty text clears."""
    return {name: value or "" for name, value in values.items()}
