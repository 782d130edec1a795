"""A Salesforce describe as a recipe (contract 1.3, 1.6): rows of the createable fields, all of which a create takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import Rejected

from generator_svc.describe.documents import SalesforceField, SalesforceObject
from generator_svc.describe.ids import KEY_PREFIXES, read_ids, with_checksum
from generator_svc.describe.picklists import PICKLISTS, Picklists
from generator_svc.describe.values import (
    Dependent,
    Mailboxes,
    Numbers,
    Picked,
    References,
    ShortText,
    TimesOfDay,
    UniqueNumbers,
    UniqueTexts,
)
from generator_svc.rows.column import Column, Columns, Values
from generator_svc.vocabulary.entities import entities
from generator_svc.vocabulary.field_types import NUMERIC, chosen_for, kind_named
from generator_svc.vocabulary.resolving import resolved
from generator_svc.vocabulary.values import AS_OF, VOCABULARY_VERSION, TypedValues

EMPTY_SHARE = 0.12
"""Of the fields that may be empty, so many are."""
LONGEST_TEXT = 400
LARGEST = 10.0**12
LENGTHS = {
    "string": 255, "textarea": 255, "email": 80, "phone": 40, "url": 255, "encryptedstring": 175, "combobox": 255,
}  # fmt: skip
"""Texts, and how long they may be where a describe does not say."""
NUMBERS = frozenset({"int", "double", "currency", "percent", "long"})
_OTHERS = {"boolean", "date", "datetime", "time", "reference", "base64"}
UNWRITABLE = frozenset({"id", "address", "location", "anyType", "complexvalue", "json"})
"""Compound, or not to be written at all."""
KNOWN = (
    LENGTHS.keys() | NUMBERS | UNWRITABLE | PICKLISTS | {"boolean", "date", "datetime", "time", "reference", "base64"}
)


def salesforce_recipe(described: SalesforceObject, references: Mapping[str, Path]) -> Columns:
    """The recipe. Raises `Rejected` for a describe that no row can satisfy, naming the field."""
    fields = [field for field in described.fields if _is_written(field)]
    if not fields:
        raise Rejected(f"{described.name} has no createable field: there is nothing to make", category="validation")
    for field in fields:
        _refuse_contradictions(field)
    if len({field.name for field in fields}) < len(fields):
        raise Rejected("the describe contradicts itself: it has two fields of one name", category="validation")
    compiler = _Compiler(described, fields, {name: read_ids(path) for name, path in references.items()})
    columns = [column for field in fields if (column := compiler.column(field)) is not None]
    return Columns(f"describe-{described.name}", VOCABULARY_VERSION, AS_OF, columns)


def _is_written(field: SalesforceField) -> bool:
    if not field.createable or field.calculated or field.auto_number:
        return False
    if field.type not in KNOWN:
        raise Rejected(f"{field.name}: {field.type!r} is no field type that is known here", category="validation")
    return field.type not in UNWRITABLE and not (field.hidden and field.nillable)


def _refuse_contradictions(field: SalesforceField) -> None:
    what = None
    if field.type in LENGTHS and field.length is not None and field.length < 1:
        what = f"a {field.type} of length {field.length} holds nothing"
    elif field.type in NUMBERS and field.precision and field.scale > field.precision:
        what = f"scale {field.scale} is more than precision {field.precision}"
    elif min(field.scale, field.precision, field.digits) < 0:
        what = "precision, scale and digits cannot be negative"
    elif field.type in ("picklist", "multipicklist") and field.restricted and not field.nillable and not field.active:
        what = "it is required and restricted, and has no active value"
    if what:
        raise Rejected(f"the describe contradicts itself: {field.name}: {what}", category="validation")


@dataclass
class _Compiler:
    described: SalesforceObject
    fields: list[SalesforceField]
    known_ids: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        self._picklists = Picklists(self.fields)
        kinds = {field.name: kind_named(self._words(field)) for field in self.fields if field.type in LENGTHS}
        self._owners = entities({name: kind for name, kind in kinds.items() if kind is not None})

    def column(self, field: SalesforceField) -> Column | None:
        """The column of a field; None where rows do without it. Raises `Rejected`."""
        values = self._values(field)
        if values is None:
            if field.required:
                raise Rejected(self._missing(field), category="validation")
            return None
        always = not field.nillable or field.type == "boolean" or field.unique or field.external_id
        keeps = always or self._picklists.must_be_set(field)
        return Column(field.name, values, 0.0 if keeps else EMPTY_SHARE)

    def _values(self, field: SalesforceField) -> Values | None:
        match field.type:
            case "boolean":
                return self._flags(field)
            case "picklist" | "multipicklist" | "combobox":
                return self._choices(field)
            case "reference":
                return self._references(field)
            case "date":
                return self._typed(field, ("date_between", {"start_date": "-2y"}), _DATES)
            case "datetime":
                return self._typed(field, ("date_time_between", {"start_date": "-2y"}), _MOMENTS)
            case "time":
                return TimesOfDay()
            case "base64":
                return ShortText(TypedValues(resolved("bothify", {"text": "????????????"}, "/")), 12)
            case "int" | "long" | "double" | "currency" | "percent":
                return self._number(field)
        return self._text(field)

    def _typed(
        self, field: SalesforceField, otherwise: tuple[str, dict[str, Any]], only: frozenset[str] | None = None
    ) -> TypedValues:
        return TypedValues(
            chosen_for(self._words(field), otherwise=otherwise, only=only), self._owners.get(field.name, "")
        )

    def _flags(self, field: SalesforceField) -> Values:
        allowed = self._picklists.allowed(field)
        chance = 30 if len(allowed) == 2 else 100 * (allowed == ("true",))
        return TypedValues(resolved("boolean", {"chance_of_getting_true": chance}, "/"))

    def _choices(self, field: SalesforceField) -> Values | None:
        several, allowed = field.type == "multipicklist", self._picklists.allowed(field)
        if self._picklists.controller(field) is not None:
            return Dependent(str(field.controller), self._picklists.valid(field), several)
        if self._picklists.is_orphan(field) and field.nillable:
            return None
        if allowed:
            return Picked(allowed, several)
        return None if field.restricted or field.nillable else self._text(field)

    def _text(self, field: SalesforceField) -> Values:
        length = field.length or LENGTHS.get(field.type, 255)
        if field.type == "email":
            return Mailboxes(TypedValues(resolved("email", {}, "/"), self._owners.get(field.name, "")), length)
        if field.unique or field.external_id:
            return UniqueTexts(_prefix(field.words) if length >= 12 else "", length)
        if field.type == "phone":
            return ShortText(self._typed(field, ("phone_number", {}), frozenset({"phone_number"})), length)
        if field.type == "url":
            return ShortText(self._typed(field, ("url", {}), frozenset({"url"})), length)
        long = ("text", {"max_nb_chars": max(5, min(length, LONGEST_TEXT))})
        return ShortText(self._typed(field, long if length > 255 else ("sentence", {"nb_words": 4})), length)

    def _number(self, field: SalesforceField) -> Values:
        scale = 0 if field.type in ("int", "long") else field.scale
        most = min(_capacity(field), LARGEST)
        if field.unique or field.external_id:
            return UniqueNumbers(max(1, int(most)), scale)
        top = min(most, 100.0 if field.type == "percent" else 10_000.0)
        otherwise = ("random_float", {"min": 0, "max": top, "fraction_digits": min(scale, 2)})
        typed = self._typed(field, otherwise, NUMERIC)
        used = min(scale, 6 if typed.chosen.kind.name in ("latitude", "longitude") else 2)
        low = -most if typed.chosen.kind.name in ("latitude", "longitude") else 0.0
        return Numbers(typed, low, top if field.type == "percent" else most, used)

    def _references(self, field: SalesforceField) -> Values | None:
        targets = field.reference_to or []
        if "User" in targets:
            targets = ["User"]  # rather than queues, which own nothing but leads and cases
        if known := tuple(one for target in targets for one in self.known_ids.get(target, ())):
            return References(known=known, unique=field.unique)
        if targets == ["RecordType"]:
            return self._record_types()
        own = {self.described.name: self.described.key_prefix} if self.described.key_prefix else {}
        prefixes = {**own, **KEY_PREFIXES}
        found = tuple(dict.fromkeys(str(prefixes[target]) for target in targets if target in prefixes))
        return References(prefixes=found, unique=field.unique) if found else None

    def _record_types(self) -> Values | None:
        offered = [
            with_checksum(kind.id)
            for kind in self.described.record_types or ()
            if kind.id and kind.active and kind.available and not kind.master
        ]
        ids = tuple(one for one in offered if one)
        return References(known=ids) if ids else None

    def _words(self, field: SalesforceField) -> str:
        """`Name` of an Account is an account name; `Title` of a person is a job."""
        if field.name == "Title":
            return "Job Title"
        if field.name in ("Name", "Subject"):
            return f"{self.described.label or self.described.name} {field.name}"
        return re.sub(r"\bID\b", "Id", field.words)

    def _missing(self, field: SalesforceField) -> str:
        if field.type == "reference":
            target = (field.reference_to or ["its object"])[0]
            return (
                f"{field.name} is required and refers to {target}, whose ids are not known; "
                f"give them with --references {target}=FILE"
            )
        return f"the describe contradicts itself: {field.name} is required, and no value can stand in it"


_DATES = frozenset({"date_between", "date_of_birth"})
_MOMENTS = frozenset({"date_time_between"})


def _capacity(field: SalesforceField) -> float:
    """The largest value that the field holds."""
    if field.type in ("int", "long"):
        return min(10.0 ** (field.digits or 9) - 1, 2.0**31 - 1)
    precision = field.precision or 18
    return float(10 ** (precision - field.scale) - (10**-field.scale if field.scale else 1))


def _prefix(words: str) -> str:
    letters = re.sub(r"[^A-Z]", "", words.upper())[:3]
    return f"{letters}-" if letters else ""


def required_names(described: SalesforceObject) -> Iterator[str]:
    """Fields that a create needs."""
    yield from (field.name for field in described.fields if field.required)
