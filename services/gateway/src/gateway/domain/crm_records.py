"""Records of a CRM as people look at them: which fields they have, what is filled, what became of a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Row = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One field of an object, as the CRM describes it (S0-13 … S0-16)."""

    name: str
    label: str
    type: str
    length: int | None
    createable: bool
    updateable: bool
    required: bool


@dataclass(frozen=True)
class Page:
    """Some records in an order that stays, and where the next ones begin."""

    records: Sequence[tuple[str, Row]]
    """(id, values of the asked fields)"""
    next_cursor: str | None


@dataclass(frozen=True)
class Change:
    """What became of one record that was to be created or deleted."""

    index: int
    id: str | None
    state: Literal["created", "deleted", "failed"]
    code: str | None = None
    reason: str | None = None


class RecordBook(Protocol):
    """One CRM's records. One file each in `crm/`, one line in its registry.

    Every method raises `Refused` with a sentence for what the CRM will not do, `Retryable` when it is away.
    """

    def key(self, object_name: str, record_id: str) -> str:
        """By what a record is remembered, up to 64 characters: no other record of this CRM has it."""

    async def fields(self, object_name: str) -> list[Field]:
        """The fields of an object, as this user sees them."""

    async def page(self, object_name: str, fields: Sequence[str], *, limit: int, cursor: str | None) -> Page:
        """Records with these fields."""

    async def create(self, object_name: str, rows: Sequence[Row]) -> list[Change]:
        """New records, one change a row and in their order."""

    async def delete(self, object_name: str, ids: Sequence[str]) -> list[Change]:
        """No records any more, one change an id and in their order."""


class Refused(Exception):  # the CRM's answer, not an error of ours
    """The CRM will not do this."""

    def __init__(self, reason: str, *, found: bool = True) -> None:
        super().__init__(reason)
        self.found = found
        """False: there is no such object."""


def is_empty(value: Any) -> bool:
    """Nothing, or nothing but white space (S0-41). Zero and false are values."""
    return value is None or (isinstance(value, str) and not value.strip())


def filled(records: Sequence[tuple[str, Row]], fields: Sequence[str]) -> Mapping[str, int]:
    """How many of these records have a value, by field."""
    return {field: sum(not is_empty(values.get(field)) for _, values in records) for field in fields}
