"""What a record is associated with, as its answer says it.

Under `associations`, by object: `{"contacts": ["151", {"external_id": "batch-7-3"}], "companies": "152"}`; or by a key
of its own: `contactId` or `contact_id` (S2-64), and the same for company, deal and ticket. A number is HubSpot's id, a
text with an @ a contact's e-mail, any other text a `simcrm_external_id`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.crm.hubspot_paths import plural
from shared.crm.hubspot_shapes import PropertyDefinition
from shared.crm.simcrm import EXTERNAL_ID

from writer_svc.domain.coercion import Unfit

ASSOCIATIONS = "associations"
LINKABLE = ("contacts", "companies", "deals", "tickets", "notes", "calls", "tasks")
_WELL_KNOWN = {
    key: f"{plural(name)}"
    for name in ("contact", "company", "deal", "ticket")
    for key in (f"{name}Id", f"{name}_id", f"{name}Ids", f"{name}_ids")
}


@dataclass(frozen=True, slots=True)
class Link:
    """Another record: by HubSpot's id, or by a unique property of it."""

    object_type: str
    key: str
    id_property: str | None = None


def links_of(
    given: dict[str, Any], definitions: Mapping[str, PropertyDefinition], object_type: str
) -> tuple[Link, ...]:
    """Take the associations out of `given`. A key that is a property of the object is a value, not an association."""
    found: dict[Link, None] = {}
    for name, values in _named(given, definitions):
        for value in values if isinstance(values, list) else [values]:
            if value is not None and value != "":
                found[_link(name, value)] = None
    if any(link.object_type == object_type for link in found):
        raise Unfit("INVALID_ASSOCIATION", f"Records of {object_type} are not associated with their own kind.")
    return tuple(found)


def _named(given: dict[str, Any], definitions: Mapping[str, PropertyDefinition]) -> Iterator[tuple[str, Any]]:
    for key in [key for key in _WELL_KNOWN if key in given and key not in definitions]:
        yield _WELL_KNOWN[key], given.pop(key)
    if ASSOCIATIONS in given and ASSOCIATIONS not in definitions:
        associations = given.pop(ASSOCIATIONS)
        if associations is None:
            return
        if not isinstance(associations, Mapping):
            raise Unfit("INVALID_ASSOCIATION", "`associations` says records by object: {'contacts': ['151']}.")
        for name, values in associations.items():
            if plural(name) not in LINKABLE:
                raise Unfit("INVALID_ASSOCIATION", f"`associations` names one of {', '.join(LINKABLE)}.")
            yield plural(name), values


def _link(object_type: str, value: Any) -> Link:
    if isinstance(value, Mapping):
        if value.get("external_id"):
            return Link(object_type, str(value["external_id"]), EXTERNAL_ID)
        value = value.get("id")
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text:
        raise Unfit("INVALID_ASSOCIATION", "An association is an id, an e-mail or an external id.")
    if text.isdigit():
        return Link(object_type, text)
    return Link(object_type, text, "email" if "@" in text and object_type == "contacts" else EXTERNAL_ID)
