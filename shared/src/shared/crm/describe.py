"""The parts of Salesforce's JSON that the product reads (REST API, sObject Describe and Collections)."""

from __future__ import annotations

from typing import Any, TypedDict


class PicklistValue(TypedDict, total=False):
    """One choice of a picklist."""

    value: str
    label: str
    active: bool


class FieldDescribe(TypedDict, total=False):
    """One field as the logged-in user sees it: a field without field-level security is not there at all."""

    name: str
    label: str
    type: str
    length: int
    precision: int
    scale: int
    digits: int
    nillable: bool
    defaultedOnCreate: bool
    createable: bool
    updateable: bool
    calculated: bool
    autoNumber: bool
    externalId: bool
    idLookup: bool
    unique: bool
    caseSensitive: bool
    restrictedPicklist: bool
    picklistValues: list[PicklistValue]
    referenceTo: list[str]
    relationshipName: str | None


class ObjectDescribe(TypedDict, total=False):
    """One object with its fields."""

    name: str
    label: str
    keyPrefix: str | None
    createable: bool
    updateable: bool
    deletable: bool
    queryable: bool
    fields: list[FieldDescribe]


class SaveError(TypedDict, total=False):
    """Why one record of a Collections call was not saved; request-level errors say `errorCode` instead."""

    statusCode: str
    message: str
    fields: list[str]


class SaveResult(TypedDict, total=False):
    """What became of one record of a Collections call; results come in the order of the records."""

    id: str | None
    success: bool
    created: bool
    errors: list[SaveError]


Row = dict[str, Any]
"""A record of a query answer or of a Collections call."""

_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def id18(record_id: str) -> str:
    """The 18-character form of a 15-character id; anything else comes back as it is.

    The last three characters encode which of the first 15 are capitals, five bits each.
    """
    if len(record_id) != 15 or not record_id.isascii() or not record_id.isalnum():
        return record_id
    blocks = (record_id[0:5], record_id[5:10], record_id[10:15])
    return record_id + "".join(
        _SUFFIX[sum(1 << bit for bit, char in enumerate(block) if char.isupper())] for block in blocks
    )
