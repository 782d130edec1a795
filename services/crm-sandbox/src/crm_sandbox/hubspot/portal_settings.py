"""What the portal's rules ask of its settings: the switches under short names, and what is the portal's own."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from crm_sandbox.hubspot.switches import PREFIX
from crm_sandbox.hubspot.validation_rules import ValidationRule, kept, rules_of
from crm_sandbox.store import Store
from crm_sandbox.switches import Switches

PORTAL_ID = 44237313
"""Of every sandbox, so that addresses and names of custom objects are the same in all of them."""
TIME_ZONE = "US/Eastern"

_KEPT = "hubspot_portal"
_OF_THE_PORTAL = ("time_zone", "scopes", "validation_rules")


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """What each means is said by the switch of its name; `scopes` is what every token may do, None for all."""

    ten_seconds_private: int
    ten_seconds_oauth: int
    searches_per_second: int
    daily: int
    retry_after: bool
    index_lag_s: float
    shuffle_results: bool
    partial_updates: bool
    partial_upserts: bool
    unique_on_engagements: bool
    archived_name_is_taken: bool
    first_company_is_primary: bool
    companies_of_contacts: bool
    companies_of_contacts_lag_s: float
    unique_properties: int
    time_zone: str
    scopes: tuple[str, ...] | None
    validation_rules: tuple[ValidationRule, ...]


_SWITCHED = {one.name: one.type for one in fields(PortalSettings) if one.name not in _OF_THE_PORTAL}


class KeptSettings:
    """The settings in force, kept with the org's data."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._time_zone = TIME_ZONE
        self._scopes: tuple[str, ...] | None = None
        self._rules: tuple[ValidationRule, ...] = ()

    @property
    def now(self) -> PortalSettings:
        switched: dict[str, Any] = {name: kind(self._switches.of(PREFIX + name)) for name, kind in _SWITCHED.items()}  # type: ignore[operator]
        return PortalSettings(**switched, time_zone=self._time_zone, scopes=self._scopes, validation_rules=self._rules)

    def load(self) -> None:
        found = orjson.loads(self._store.fact(_KEPT) or b"{}")
        scopes = found.get("scopes")
        self._time_zone = found.get("time_zone", TIME_ZONE)
        self._scopes = None if scopes is None else tuple(scopes)
        self._rules = rules_of(found.get("validation_rules", []))

    def change(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change all or none; ValueError and SwitchError name what is wrong."""
        known = (*_SWITCHED, *_OF_THE_PORTAL)
        if unknown := changes.keys() - set(known):
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
        time_zone = _time_zone(changes.get("time_zone", self._time_zone))
        scopes = _scopes(changes.get("scopes", self._scopes))
        rules = rules_of(changes.get("validation_rules", kept(self._rules)))
        self._switches.turn({PREFIX + name: changes[name] for name in _SWITCHED if name in changes})
        self._time_zone, self._scopes, self._rules = time_zone, scopes, rules
        told = {"time_zone": time_zone, "scopes": scopes, "validation_rules": kept(rules)}
        self._store.remember(_KEPT, orjson.dumps(told).decode())
        return asdict(self.now)


def _time_zone(name: Any) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise ValueError(f"time_zone: {name!r} is unknown; for example Europe/Berlin") from error


def _scopes(scopes: Any) -> tuple[str, ...] | None:
    if scopes is None:
        return None
    if isinstance(scopes, list | tuple) and all(isinstance(one, str) for one in scopes):
        return tuple(scopes)
    raise ValueError("scopes: a list of scopes, or null for all")
