"""One record at a time: checked as a whole, then written; what is refused leaves nothing behind."""

from collections.abc import Mapping
from dataclasses import replace

from crm_sandbox.foreign import Json
from crm_sandbox.hubspot.associations import Associations
from crm_sandbox.hubspot.derived import derived, of_new
from crm_sandbox.hubspot.employers import Employers
from crm_sandbox.hubspot.errors import (
    AlreadyExistsError,
    HubSpotError,
    InvalidPropertiesError,
    PropertyError,
    bad_json,
)
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.hubspot.owners import check_owner
from crm_sandbox.hubspot.pipelines import Pipelines
from crm_sandbox.hubspot.portal_settings import KeptSettings
from crm_sandbox.hubspot.properties import Properties
from crm_sandbox.hubspot.records import Record, Records, Values
from crm_sandbox.hubspot.stamps import stamp
from crm_sandbox.hubspot.validation_rules import objections
from crm_sandbox.hubspot.values import stored

Given = Mapping[str, Json]


class Writes:
    def __init__(
        self,
        properties: Properties,
        records: Records,
        pipelines: Pipelines,
        associations: Associations,
        settings: KeptSettings,
        employers: Employers,
    ) -> None:
        self._properties = properties
        self._records = records
        self._pipelines = pipelines
        self._associations = associations
        self._settings = settings
        self._employers = employers

    def create(self, one: ObjectType, given: Json, links: Json = None) -> Record:
        """A new record, linked as asked."""
        values = self._checked(one, _object(given), {})
        values = {name: value for name, value in values.items() if value}
        missing = [name for name in one.required if name not in values]
        if missing:
            message = f"Error creating {one.label}. Some required properties were not set."
            raise HubSpotError(400, message, context={"properties": missing})
        for name, value in one.defaults.items():
            values.setdefault(name, value)
        self._check_together(one, values, None)
        wanted = self._associations.wanted(one, links)
        now, record_id = self._records.now(), self._records.new_id()
        values.update(of_new(one, record_id, now))
        self._derive(one, values)
        record = Record(record_id, one.id, values, now, now)
        self._records.insert(one, record)
        self._associations.link_new(one, record_id, wanted)
        self._employers.notice(one, record)
        return record

    def catch_up(self) -> None:
        """Do what the portal does by itself after a while."""
        self._employers.catch_up(self.create)

    def update(self, one: ObjectType, record: Record, given: Json, *, without: str = "") -> Record:
        """The record with other values; `without` is the key it was found by, which an upsert does not change."""
        changes = self._checked(one, _object(given), record.values)
        changes.pop(without, None)
        values = {**record.values, **changes}
        for name in [name for name, value in changes.items() if not value]:
            del values[name]
        self._check_together(one, values, record, changes)
        now = max(self._records.now(), record.updated)
        values[one.modified] = stamp(now)
        self._derive(one, values)
        # Not `replace`, which costs more than writing the row.
        changed = Record(record.id, record.type, values, record.created, now)
        self._records.update(one, record, changed)
        return changed

    def merge(self, one: ObjectType, primary: Record, other: Record) -> Record:
        """One record of two: the first wins where both say something, and is found by the other's keys and id."""
        extra = {name: value for name, value in other.values.items() if name not in primary.values}
        merged = primary.values.get("hs_merged_object_ids", "")
        values = {**primary.values, **extra, "hs_merged_object_ids": ";".join(filter(None, (merged, str(other.id))))}
        email, mine = other.values.get("email"), primary.values.get("email")
        further = values.get("hs_additional_emails", "").split(";")
        if email and mine and email != mine:
            values["hs_additional_emails"] = ";".join(dict.fromkeys(filter(None, (*further, email))))
        now = max(self._records.now(), primary.updated)
        values[one.modified] = stamp(now)
        self._derive(one, values)
        self._records.archive(other, merged_into=primary.id)
        survivor = replace(primary, values=values, updated=now)
        self._records.update(one, primary, survivor)
        for address in filter(None, values.get("hs_additional_emails", "").split(";")):
            self._records.give_key(one, "email", address, primary.id)
        self._associations.move(one, other.id, primary.id)
        return survivor

    def archive(self, one: ObjectType, record: Record) -> None:
        self._records.archive(record)
        self._associations.forget(one, record.id)

    def _checked(self, one: ObjectType, given: Given, before: Values) -> Values:
        """The given values as they will be kept, or every reason why they will not."""
        known, values, problems = self._properties.of(one), {}, []
        for name, raw in given.items():
            found = known.get(name)
            try:
                if found is None:
                    raise PropertyError(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
                values[name] = stored(found, raw, before.get(name))
            except PropertyError as problem:
                problems.append(problem)
        if problems:
            raise InvalidPropertiesError(problems)
        return values

    def _check_together(
        self, one: ObjectType, values: Values, record: Record | None, changes: Mapping[str, str] | None = None
    ) -> None:
        try:
            self._pipelines.check(one, values)
            if "hubspot_owner_id" in (values if changes is None else changes):
                check_owner(values)
            for key in self._properties.keys(one):
                if value := values.get(key.name):
                    self._check_free(one, key.name, value, record)
        except PropertyError as problem:
            raise InvalidPropertiesError([problem]) from problem
        if broken := objections(self._settings.now.validation_rules, one, values, changes):
            raise InvalidPropertiesError(broken)

    def _check_free(self, one: ObjectType, key: str, value: str, record: Record | None) -> None:
        if record and record.values.get(key) == value:
            return
        holder = self._records.holder(one, key, value)
        if holder is None or (record and holder == record.id):
            return
        if key in one.keys:
            raise AlreadyExistsError(one.label, holder)
        message = f"Cannot set {key}={value}. {holder} already has that value."
        raise PropertyError(key, "CONFLICTING_UNIQUE_VALUE", message)

    def _derive(self, one: ObjectType, values: Values) -> None:
        for name, value in derived(one, values, self._pipelines).items():
            if value:
                values[name] = value
            else:
                values.pop(name, None)


def _object(given: Json) -> Given:
    if isinstance(given, dict):
        return given
    if given is None:
        return {}
    raise bad_json("Cannot deserialize value of type `java.util.Map` from Array or String value: properties")
