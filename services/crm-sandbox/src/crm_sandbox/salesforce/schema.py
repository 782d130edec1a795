"""The org's objects and fields, as the rules of records and queries need them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from crm_sandbox.salesforce.crossing import Crossing, crossing_of
from crm_sandbox.salesforce.definitions import OWN_KEYS, Describe
from crm_sandbox.salesforce.errors import RequestError

TEXT_TYPES = frozenset(
    {"string", "email", "phone", "url", "picklist", "multipicklist", "combobox", "encryptedstring", "textarea"}
)
NUMBER_TYPES = frozenset({"double", "currency", "percent", "int"})
ID_TYPES = frozenset({"id", "reference"})


@dataclass(frozen=True, eq=False)
class Field:
    name: str
    label: str
    type: str
    length: int
    precision: int
    scale: int
    digits: int
    nillable: bool
    createable: bool
    updateable: bool
    defaulted_on_create: bool
    external_id: bool
    id_lookup: bool
    unique: bool
    case_sensitive: bool
    restricted: bool
    filterable: bool
    sortable: bool
    default: Any
    reference_to: tuple[str, ...]
    relationship: str | None
    choices: Mapping[str, str] = field(repr=False)
    auto_number_format: str | None
    composed_of: tuple[str, ...]
    true_when: Mapping[str, Any] | None

    @classmethod
    def of(cls, body: Describe) -> "Field":
        active = [choice for choice in body["picklistValues"] if choice["active"]]
        chosen = next((choice["value"] for choice in active if choice["defaultValue"]), None)
        return cls(
            **{key: body[key] for key in ("name", "label", "type", "length", "precision", "scale", "digits")},
            **{key: body[key] for key in ("nillable", "createable", "updateable", "unique", "filterable", "sortable")},
            defaulted_on_create=body["defaultedOnCreate"],
            external_id=body["externalId"],
            id_lookup=body["idLookup"],
            case_sensitive=body["caseSensitive"],
            restricted=body["restrictedPicklist"],
            default=body["defaultValue"] if chosen is None else chosen,
            reference_to=tuple(body["referenceTo"] or ()),
            relationship=body["relationshipName"],
            choices={choice["value"].casefold(): choice["value"] for choice in active},
            auto_number_format=body.get("autoNumberFormat"),
            composed_of=tuple(body.get("composedOf") or ()),
            true_when=body.get("trueWhen"),
        )

    @property
    def required(self) -> bool:
        return self.createable and not self.nillable and not self.defaulted_on_create and self.type != "boolean"

    @cached_property
    def is_key(self) -> bool:
        """Whether records are found by it: it then has an indexed column of folded values beside its own."""
        return self.type != "id" and (self.external_id or self.unique or self.id_lookup)

    @property
    def column(self) -> str:
        return f'"{self.name}"'

    @property
    def key_column(self) -> str:
        return f'"{self.name}~key"'

    def fold(self, value: Any) -> Any:
        """What two values have in common when Salesforce takes them for the same key."""
        return value.casefold() if isinstance(value, str) and not self.case_sensitive else value


@dataclass(frozen=True, eq=False)
class SObject:
    describe: Describe = field(repr=False)
    fields: Mapping[str, Field] = field(repr=False)

    @classmethod
    def of(cls, describe: Describe) -> "SObject":
        fields = (Field.of(body) for body in describe["fields"] if not body.get("ungranted"))
        return cls(describe=describe, fields={one.name.lower(): one for one in fields})

    @property
    def name(self) -> str:
        return str(self.describe["name"])

    @property
    def prefix(self) -> str:
        return str(self.describe["keyPrefix"])

    @property
    def table(self) -> str:
        return f'"sf_{self.name}"'

    @cached_property
    def key_fields(self) -> tuple[Field, ...]:
        return tuple(one for one in self.fields.values() if one.is_key)

    @cached_property
    def unique_fields(self) -> tuple[Field, ...]:
        return tuple(one for one in self.fields.values() if one.unique)

    @cached_property
    def required_fields(self) -> tuple[Field, ...]:
        return tuple(one for one in self.fields.values() if one.required)

    @cached_property
    def default_fields(self) -> tuple[Field, ...]:
        return tuple(one for one in self.fields.values() if one.default is not None)

    @cached_property
    def derived_fields(self) -> tuple[Field, ...]:
        return tuple(one for one in self.fields.values() if one.composed_of or one.true_when)

    @cached_property
    def numbered_fields(self) -> tuple[Field, ...]:
        return tuple(one for one in self.fields.values() if one.auto_number_format)

    @cached_property
    def record_types(self) -> Mapping[str, Describe]:
        """Its active record types by id, Master among them."""
        infos = self.describe["recordTypeInfos"]
        return {one["recordTypeId"]: one for one in infos if one["active"] and one["available"]}

    @cached_property
    def default_record_type(self) -> str | None:
        """The record type of a record that names none; None where that is Master."""
        chosen = (
            key for key, one in self.record_types.items() if one["defaultRecordTypeMapping"] and not one["master"]
        )
        return next(chosen, None)

    @cached_property
    def crossing(self) -> Crossing | None:
        """The rules over several of its fields."""
        return crossing_of(self.describe)

    @cached_property
    def hidden_fields(self) -> tuple[str, ...]:
        """The fields that nobody may see yet."""
        return tuple(str(body["name"]) for body in self.describe["fields"] if body.get("ungranted"))

    def field(self, name: str) -> Field | None:
        """API names of fields count no case, as in the real org."""
        return self.fields.get(name.lower())

    def relation(self, name: str) -> Field | None:
        """The reference field that a relationship's name stands for, as Account for AccountId."""
        return self._relations.get(name.lower())

    @cached_property
    def _relations(self) -> Mapping[str, Field]:
        return {one.relationship.lower(): one for one in self.fields.values() if one.relationship}

    def allows(self, operation: str) -> bool:
        return bool(self.describe[operation])

    def public_describe(self, version: str) -> Describe:
        """The describe body as the wire shows it."""
        granted = (body for body in self.describe["fields"] if not body.get("ungranted"))
        fields = [{k: v for k, v in body.items() if k not in OWN_KEYS} for body in granted]
        body = {key: value for key, value in self.describe.items() if key != "validationRules"}
        return {**body, "fields": fields, "urls": self._urls(version)}

    def summary(self, version: str) -> Describe:
        """The object's line in the list of all objects."""
        return {**{key: self.describe[key] for key in _SUMMARY_KEYS}, "urls": self._urls(version)}

    def _urls(self, version: str) -> dict[str, str]:
        return {name: url.replace("{version}", version) for name, url in self.describe["urls"].items()}


class Schema:
    def __init__(self) -> None:
        self._objects: dict[str, SObject] = {}
        self._by_prefix: dict[str, SObject] = {}

    def __iter__(self) -> Iterator[SObject]:
        return iter(sorted(self._objects.values(), key=lambda one: one.name))

    def add(self, one: SObject) -> None:
        self._objects[one.name.lower()] = one
        self._by_prefix[one.prefix] = one

    def clear(self) -> None:
        self._objects.clear()
        self._by_prefix.clear()

    def find(self, name: str) -> SObject | None:
        return self._objects.get(name.lower())

    def of_id(self, record_id: str) -> SObject | None:
        """The object whose records have ids that begin like this one."""
        return self._by_prefix.get(record_id[:3])

    def named(self, name: str) -> SObject:
        if found := self.find(name):
            return found
        raise RequestError("NOT_FOUND", "The requested resource does not exist")

    def children_of(self, one: SObject) -> list[Describe]:
        """The references to an object, as its describe lists them."""
        return [
            {
                "cascadeDelete": field["cascadeDelete"],
                "childSObject": other.name,
                "deprecatedAndHidden": False,
                "field": field["name"],
                "junctionIdListNames": [],
                "junctionReferenceTo": [],
                "relationshipName": None,
                "restrictedDelete": field["restrictedDelete"],
            }
            for other in self
            for field in other.describe["fields"]
            if one.name in (field["referenceTo"] or ()) and not field.get("ungranted")
        ]

    def free_prefix(self) -> str:
        """The first key prefix of custom objects that none has."""
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        return next(p for a in digits for b in digits if (p := f"a{a}{b}") not in self._by_prefix)


_SUMMARY_KEYS = (
    "activateable",
    "associateEntityType",
    "associateParentEntity",
    "createable",
    "custom",
    "customSetting",
    "deepCloneable",
    "deletable",
    "deprecatedAndHidden",
    "feedEnabled",
    "hasSubtypes",
    "isInterface",
    "isSubtype",
    "keyPrefix",
    "label",
    "labelPlural",
    "layoutable",
    "mergeable",
    "mruEnabled",
    "name",
    "queryable",
    "replicateable",
    "retrieveable",
    "searchable",
    "triggerable",
    "undeletable",
    "updateable",
)
