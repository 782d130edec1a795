"""The portal's users as owners of records."""

from collections.abc import Mapping
from typing import Any

from crm_sandbox.hubspot.errors import PropertyError

_PEOPLE = (
    ("51101001", "Sandbox", "Admin", "admin@sandbox.recordsmith.example"),
    ("51101002", "Noor", "Haddad", "noor.haddad@sandbox.recordsmith.example"),
    ("51101003", "Tomás", "Herrera", "tomas.herrera@sandbox.recordsmith.example"),
    ("51101004", "Greta", "Lindqvist", "greta.lindqvist@sandbox.recordsmith.example"),
)
_BORN = "2025-01-06T09:00:00.000Z"

OWNERS: Mapping[str, dict[str, Any]] = {
    number: {
        "id": number,
        "email": email,
        "type": "PERSON",
        "firstName": first,
        "lastName": last,
        "userId": int(number) + 7_000_000,
        "userIdIncludingInactive": int(number) + 7_000_000,
        "createdAt": _BORN,
        "updatedAt": _BORN,
        "archived": False,
        "teams": [],
    }
    for number, first, last, email in _PEOPLE
}


def check_owner(values: Mapping[str, str]) -> None:
    """That an owner given to a record is one; the wording is assumed."""
    owner = values.get("hubspot_owner_id")
    if owner and owner not in OWNERS:
        raise PropertyError("hubspot_owner_id", "INVALID_OWNER_ID", f"Owner with id {owner} does not exist")
