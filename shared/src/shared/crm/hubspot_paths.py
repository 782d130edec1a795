"""Addresses of HubSpot's CRM APIs in their two forms, and the names of its objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

_PLURALS: Mapping[str, str] = MappingProxyType(
    {
        "contact": "contacts",
        "company": "companies",
        "deal": "deals",
        "ticket": "tickets",
        "note": "notes",
        "call": "calls",
        "task": "tasks",
    }
)

ENGAGEMENTS = frozenset({"notes", "calls", "tasks"})
"""Objects that need an `hs_timestamp` and say their text in a body."""


def plural(object_type: str) -> str:
    """The name that paths and answers use; HubSpot takes both."""
    return _PLURALS.get(object_type.lower(), object_type)


@dataclass(frozen=True)
class HubSpotPaths:
    """Paths of one API version: date-based (`2026-09`), or `v3` with the associations of v4."""

    version: str

    def objects(self, object_type: str, *rest: str) -> str:
        """Records of an object."""
        return self._path("objects", "v3", object_type, *rest)

    def properties(self, object_type: str, *rest: str) -> str:
        """Definitions of an object's properties."""
        return self._path("properties", "v3", object_type, *rest)

    def associations(self, of: str, to: str, *rest: str) -> str:
        """Associations between records of two objects."""
        return self._path("associations", "v4", of, to, *rest)

    def _path(self, api: str, legacy: str, *rest: str) -> str:
        tail = "/".join(quote(part, safe="") for part in rest)
        return f"/crm/{legacy}/{api}/{tail}" if self.version == "v3" else f"/crm/{api}/{self.version}/{tail}"


ACCOUNT = "/account-info/v3/details"
"""The cheapest call that proves a token; tells the portal's time zone."""

TOKEN = "/oauth/v1/token"  # noqa: S105 – a path
