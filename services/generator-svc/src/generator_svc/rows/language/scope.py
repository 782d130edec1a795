"""What a column's type may ask about the rest of the document while it is compiled."""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from generator_svc.rows.column import Columns, Values


class Scope(Protocol):
    """The document around a column."""

    @property
    def table(self) -> str:
        """Name of the column's table."""
        ...

    @property
    def column(self) -> str: ...

    def type_of(self, column: str) -> pa.DataType:
        """Of another column of the table. Raises `Wrong` where it is missing or needs this one."""
        ...

    def names(self) -> list[str]:
        """Of all columns of the table."""
        ...

    def parent(self) -> Columns | None:
        """The parent's table, where there is one."""
        ...

    def most_children(self) -> int:
        """Of one parent; 0 where there is none."""
        ...

    def other(self, table: str) -> tuple[Columns, int | None]:
        """Another table, with its number of rows where that is fixed. Raises `Wrong`."""
        ...

    def own(self) -> Columns:
        """The part of this table that is compiled so far."""
        ...

    def compile(self, spec: object, field: str) -> Values:
        """The values of a column specification inside of this one."""
        ...


class ColumnSpec(BaseModel):
    """A column as it is written; each type adds its parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    null_rate: float = Field(0.0, ge=0, le=1, description="share of the rows without a value")
    hidden: bool = Field(False, description="only other columns read it")

    def values(self, scope: Scope) -> Values:
        """The compiled column. Raises `Wrong`."""
        raise NotImplementedError
