"""What a token may do: the scope that each call needs."""

from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.hubspot.object_types import ObjectType

_OBJECTS = ("contacts", "companies", "deals", "products", "custom")

EVERY_SCOPE = frozenset(
    {
        "oauth",
        "tickets",
        "crm.objects.owners.read",
        "account-info.security.read",
        *(
            f"crm.{part}.{name}.{right}"
            for part in ("objects", "schemas")
            for name in _OBJECTS
            for right in ("read", "write")
        ),
    }
)


def of_objects(one: ObjectType, right: str) -> str:
    """Tickets have one scope for all; notes, calls and tasks go with contacts."""
    return "tickets" if one.scope == "tickets" else f"crm.objects.{one.scope}.{right}"


def of_schemas(one: ObjectType, right: str) -> str:
    return "tickets" if one.scope == "tickets" else f"crm.schemas.{one.scope}.{right}"


def missing(scope: str) -> HubSpotError:
    """The form of the fixture err-schemas-scope."""
    context = {"requiredGranularScopes": [scope], "links": ["https://developers.hubspot.com/scopes"]}
    return HubSpotError(403, "One or more of the following scopes are required.", "MISSING_SCOPES", context=context)
