"""The foreign documents, as far as rows depend on them. Unknown keys are let be: a real field has 57 (contract 13)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from shared.errors import Rejected


class Foreign(BaseModel):
    """A part of a foreign document."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, given: Any) -> Any:
        """Documents write null where they mean nothing."""
        return {key: value for key, value in given.items() if value is not None} if isinstance(given, dict) else given


class Choice(Foreign):
    """A picklist value."""

    value: str
    active: bool = True
    valid_for: str | None = Field(None, alias="validFor")


class SalesforceField(Foreign):
    """A field of a describe."""

    name: str = Field(min_length=1)
    label: str | None = None
    type: str
    length: int | None = None
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = True
    createable: bool = False
    defaulted_on_create: bool = Field(False, alias="defaultedOnCreate")
    unique: bool = False
    external_id: bool = Field(False, alias="externalId")
    calculated: bool = False
    auto_number: bool = Field(False, alias="autoNumber")
    hidden: bool = Field(False, alias="deprecatedAndHidden")
    restricted: bool = Field(False, alias="restrictedPicklist")
    dependent: bool = Field(False, alias="dependentPicklist")
    controller: str | None = Field(None, alias="controllerName")
    choices: list[Choice] | None = Field(None, alias="picklistValues")
    reference_to: list[str] | None = Field(None, alias="referenceTo")

    @property
    def required(self) -> bool:
        """A create without it is refused (contract 14)."""
        return self.createable and not self.nillable and not self.defaulted_on_create and self.type != "boolean"

    @property
    def words(self) -> str:
        return self.label or self.name

    @property
    def active(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(choice.value for choice in self.choices or () if choice.active and choice.value))


class RecordType(Foreign):
    """One of the kinds that an object's records have."""

    id: str | None = Field(None, alias="recordTypeId")
    active: bool = True
    available: bool = True
    master: bool = False


class SalesforceObject(Foreign):
    """A describe body."""

    name: str = Field(min_length=1)
    label: str | None = None
    key_prefix: str | None = Field(None, alias="keyPrefix")
    fields: list[SalesforceField]
    record_types: list[RecordType] | None = Field(None, alias="recordTypeInfos")


class Option(Foreign):
    """An option of an enumeration."""

    value: str
    hidden: bool = False


class Modification(Foreign):
    """What may be changed about a property."""

    read_only: bool = Field(False, alias="readOnlyValue")


class HubSpotProperty(Foreign):
    """A property of a property list."""

    name: str = Field(min_length=1)
    label: str | None = None
    type: str
    field_type: str = Field("text", alias="fieldType")
    options: list[Option] | None = None
    calculated: bool = False
    external_options: bool = Field(False, alias="externalOptions")
    unique: bool = Field(False, alias="hasUniqueValue")
    hidden: bool = False
    archived: bool = False
    modification: Modification | None = Field(None, alias="modificationMetadata")

    @property
    def words(self) -> str:
        return self.label or self.name


class HubSpotProperties(Foreign):
    """A property list."""

    results: list[HubSpotProperty]


def read_document(document: Any) -> SalesforceObject | HubSpotProperties:
    """A describe or a property list. Raises `Rejected` saying what it is instead."""
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else "no object"
        raise Rejected(
            f"the describe is {kind}; it must be the body of sobjects/X/describe, or a HubSpot property list "
            '({"results": […]})',
            category="validation",
        )
    form: type[SalesforceObject] | type[HubSpotProperties] = SalesforceObject
    if "results" in document and "fields" not in document:
        form = HubSpotProperties
    elif "fields" not in document:
        raise Rejected("the describe has neither `fields` (Salesforce) nor `results` (HubSpot)", category="validation")
    try:
        return form.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(str(part) for part in first["loc"])
        raise Rejected(f"the describe is broken at /{place}: {first['msg']}", category="validation") from None
