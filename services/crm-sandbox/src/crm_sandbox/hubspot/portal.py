"""The portal: one HubSpot account, from its rules to its records, and how it starts over."""

from collections.abc import Mapping
from typing import Any

import orjson

from crm_sandbox.clock import Clock
from crm_sandbox.hubspot.association_types import AssociationTypes
from crm_sandbox.hubspot.associations import Associations
from crm_sandbox.hubspot.batches import Batches
from crm_sandbox.hubspot.definitions import shipped
from crm_sandbox.hubspot.employers import Employers
from crm_sandbox.hubspot.limits import Limits
from crm_sandbox.hubspot.object_types import ObjectType, ObjectTypes
from crm_sandbox.hubspot.pipelines import Pipelines
from crm_sandbox.hubspot.portal_settings import PORTAL_ID, KeptSettings
from crm_sandbox.hubspot.properties import Properties
from crm_sandbox.hubspot.records import Records
from crm_sandbox.hubspot.tokens import Tokens
from crm_sandbox.hubspot.writes import Writes
from crm_sandbox.identity import HubSpotIdentity
from crm_sandbox.store import Store
from crm_sandbox.switches import Switches


class Portal:
    def __init__(self, store: Store, clock: Clock, identity: HubSpotIdentity, switches: Switches) -> None:
        self.store = store
        self.clock = clock
        self.settings = KeptSettings(store, switches)
        self.types = ObjectTypes()
        self.properties = Properties(store)
        self.pipelines = Pipelines(store)
        self.records = Records(store, self.properties, clock)
        self.associations = Associations(store, AssociationTypes(store), self.types, self.records, self.settings)
        self.employers = Employers(store, self.types, self.records, self.associations, self.settings)
        self.writes = Writes(
            self.properties, self.records, self.pipelines, self.associations, self.settings, self.employers
        )
        self.batches = Batches(store, self.properties, self.records, self.writes, self.settings)
        self.tokens = Tokens(store, clock, identity, self.settings)
        self.limits = Limits(store, clock, self.settings)

    def open(self) -> None:
        """Know again what the folder holds, or start with the standard objects; within a transaction when new."""
        self._create_tables()
        if self.store.fact("hubspot"):
            self._load()
        else:
            self._fill()
            self.store.remember("hubspot", "filled")

    def know(self, one: ObjectType) -> None:
        """An object of the portal's own, also under its fully qualified name."""
        self.types.add(one, f"p{PORTAL_ID}_{one.name}", f"p_{one.name}")

    def inspect(self) -> Mapping[str, Any]:
        """What an administrator looks at: how many records, properties of one's own, calls of the day."""
        counts = self.records.counts()
        own = {
            one.plural: sorted(p["name"] for p in self.properties.listed(one) if not p.get("hubspotDefined"))
            for one in self.types
        }
        return {
            "records": {one.plural: counts.get(one.id, 0) for one in self.types},
            "properties": {name: names for name, names in own.items() if names},
            "calls_today": self.limits.used_today,
            "day_ends": self.limits.midnight().isoformat(),
        }

    def _fill(self) -> None:
        self.types.clear()
        for definition in shipped():
            self.types.add(definition.type)
            self.properties.fill(definition.type, definition.groups, definition.properties)
        self.pipelines.fill()

    def _load(self) -> None:
        self.types.clear()
        for definition in shipped():
            self.types.add(definition.type)
            self.properties.load(definition.type)
        for (kept,) in self.store.writer.execute("SELECT body FROM hs_types ORDER BY rowid").fetchall():
            one = ObjectType.of(orjson.loads(kept))
            self.know(one)
            self.properties.load(one)
        self.pipelines.load()

    def _create_tables(self) -> None:
        self.settings.load()
        for part in (self.properties, self.pipelines, self.records, self.associations, self.employers, self.tokens):
            part.create_tables()
        self.associations.types.create_tables()
        self.store.writer.execute("CREATE TABLE IF NOT EXISTS hs_types (id TEXT PRIMARY KEY, body BLOB NOT NULL)")
        self.associations.types.load()
        self.limits.load()
