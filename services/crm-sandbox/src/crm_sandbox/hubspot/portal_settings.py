"""What an administrator may change about the portal; `assumed` marks behaviour that no public source shows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from crm_sandbox.store import Store


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """Limits are those of a Professional portal with a private app (crm-contracts 3.5)."""

    portal_id: int = 44237313
    time_zone: str = "US/Eastern"
    ten_seconds_private: int = 190
    ten_seconds_oauth: int = 110
    searches_per_second: int = 5
    daily: int = 650_000
    retry_after: bool = False
    """Whether a 429 carries Retry-After; the vendor does not promise it."""
    index_lag_s: float = 5.0
    """Seconds until search sees a change. Assumed: the vendor says `a few moments`."""
    shuffle_results: bool = True
    """Answers of a batch in another order than its inputs; true of real answers, the order itself is assumed."""
    partial_updates: bool = True
    """Assumed: trace ids let the good inputs of an update through, as documented for create."""
    partial_upserts: bool = True
    """Assumed: the same for upsert; seen in one public log."""
    unique_on_engagements: bool = True
    """Assumed: notes, calls and tasks may have a custom property with unique values."""
    archived_name_is_taken: bool = True
    """Assumed: a property cannot be created under the name of an archived one."""
    first_company_is_primary: bool = True
    """Assumed for the default association: the first company of a contact, deal or ticket becomes its primary one."""
    unique_properties: int = 10
    scopes: tuple[str, ...] | None = None
    """What every token may do; None for all."""

    def changed(self, changes: Mapping[str, Any]) -> "PortalSettings":
        """With other values; ValueError names what is wrong with them."""
        known = {one.name: getattr(self, one.name) for one in fields(self)}
        if unknown := changes.keys() - known.keys():
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
        read = {name: _read(name, value, known[name]) for name, value in changes.items()}
        try:
            ZoneInfo(read.get("time_zone", self.time_zone))
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"time_zone: {read['time_zone']} is unknown; for example Europe/Berlin") from error
        return replace(self, **read)


class KeptSettings:
    """The settings in force, kept with the org's data."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.now = PortalSettings()

    def load(self) -> None:
        kept = self._store.fact("hubspot_settings")
        self.now = PortalSettings().changed(orjson.loads(kept)) if kept else PortalSettings()

    def change(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        self.now = self.now.changed(changes)
        self._store.remember("hubspot_settings", orjson.dumps(asdict(self.now)).decode())
        return asdict(self.now)


def _read(name: str, value: Any, now: Any) -> Any:
    if name == "scopes":
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
    elif isinstance(now, bool):
        if isinstance(value, bool):
            return value
    elif isinstance(now, str):
        if isinstance(value, str):
            return value
    elif isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1e12:
        return type(now)(value)
    raise ValueError(f"{name}: {value!r} is out of range; now {now!r}")
