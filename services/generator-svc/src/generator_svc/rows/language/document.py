"""A recipe document: what it may hold, and the first look at it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from generator_svc.rows.language.refusals import RecipeRefused, Refusal, refusals_of
from generator_svc.rows.language.relational import ParentOf

AS_OF = date(2025, 10, 1)
"""Of a document that names no day: fixed, so that output never depends on today."""
NAME = r"^[A-Za-z][A-Za-z0-9_]{0,62}$"
"""Of tables: they become file names."""
MOST_COLUMNS = 1_000
MOST_TABLES = 100


class Correlation(BaseModel):
    """Two numeric columns that go together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: Annotated[list[str], Field(min_length=2, max_length=2)]
    r: Annotated[float, Field(gt=-1, lt=1, description="of the normal deviates behind the two")]


class TableDocument(BaseModel):
    """A table; `columns` is read later, column by column."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: Annotated[dict[str, Any], Field(min_length=1, max_length=MOST_COLUMNS)]
    rows: Annotated[int, Field(ge=1, le=500_000_000)] | None = None
    parent: ParentOf | None = None
    correlations: list[Correlation] = []
    rules: dict[str, str] = {}

    @field_validator("columns")
    @classmethod
    def _plain_names(cls, columns: dict[str, Any]) -> dict[str, Any]:
        for name in columns:
            if not name.strip() or name.startswith("__") or not name.isprintable() or len(name) > 200:
                raise ValueError(f"{name!r} cannot be the name of a column; use letters, digits and underscores")
        return columns


class RecipeDocument(BaseModel):
    """The tables of a recipe. The first one is the one whose rows are asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=NAME)]
    version: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    as_of: date = AS_OF
    description: str = ""
    tables: Annotated[dict[str, TableDocument], Field(min_length=1, max_length=MOST_TABLES)]

    @field_validator("tables")
    @classmethod
    def _file_names(cls, tables: dict[str, TableDocument]) -> dict[str, TableDocument]:
        for name in tables:
            if not name.isidentifier() or name.startswith("_"):
                raise ValueError(f"{name!r} cannot be the name of a table; use letters, digits and underscores")
        return tables


def document_of(given: object, name: str) -> RecipeDocument:
    """The checked outline. A document with `columns` at its top has one table. Raises `RecipeRefused`."""
    if not isinstance(given, dict):
        raise RecipeRefused([Refusal("", "a recipe is an object with name and tables (or columns)")])
    whole: dict[str, Any] = {"name": name, **given}
    if "columns" in whole and "tables" not in whole:
        inner = {key: whole.pop(key) for key in list(whole) if key in TableDocument.model_fields}
        whole["tables"] = {whole["name"]: inner}
    try:
        return RecipeDocument.model_validate(whole)
    except ValidationError as error:
        known = [*RecipeDocument.model_fields, *TableDocument.model_fields]
        raise RecipeRefused(refusals_of(error, "", known)) from error
