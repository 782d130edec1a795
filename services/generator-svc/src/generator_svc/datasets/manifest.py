"""What stands beside a file: from which recipe and seed its rows come, and the root hash over them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from shared.row_blocks import BLOCK

from generator_svc.rows.exchange import schema_of, schema_text

M = TypeVar("M", bound=BaseModel)

SUFFIX = ".manifest.json"
FOLDER_MANIFEST = "manifest.json"


class ManifestBroken(Exception):  # says what is wrong
    """A file that is no manifest, or one that was changed by hand."""


class Column(BaseModel):
    """A column for people to read; `schema` says it exactly."""

    name: str
    type: str = ""


class TableManifest(BaseModel):
    """A table in a file."""

    model_config = ConfigDict(frozen=True, extra="allow")

    recipe: str
    version: int
    seed: int
    start: int = Field(0, ge=0, description="number of the first row")
    rows: int = Field(ge=0)
    as_of: date
    format: str
    root: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 over the rows' content; the same in every format")
    block: int = BLOCK
    columns: list[Column]
    arrow_schema: str = Field("", description="Arrow schema, base64; CSV needs none")
    table: str | None = Field(None, description="name in a database file")

    @field_validator("arrow_schema")
    @classmethod
    def _is_a_schema(cls, value: str) -> str:
        if value:
            schema_of(value)
        return value

    @property
    def row_schema(self) -> pa.Schema:
        """The Arrow schema of the rows."""
        return schema_of(self.arrow_schema)


class FolderManifest(BaseModel):
    """A data set of several files."""

    model_config = ConfigDict(frozen=True, extra="allow")

    recipe: str
    version: int
    seed: int
    rows: int
    as_of: date
    root: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 over the roots of the tables and the other files")
    tables: dict[str, TableManifest] = Field(description="by file name")
    files: dict[str, str] = Field(description="SHA-256 of the other files, by path")


def columns_of(schema: pa.Schema) -> dict[str, Any]:
    """The two forms of a schema in a manifest."""
    columns = [Column(name=field.name, type=str(field.type)) for field in schema]
    return {"columns": columns, "arrow_schema": schema_text(schema)}


def beside(path: Path) -> Path:
    """Where the manifest of a file stands."""
    return path.with_name(path.name + SUFFIX)


def text_of(manifest: TableManifest | FolderManifest) -> str:
    """As it is written."""
    return json.dumps(manifest.model_dump(mode="json", exclude_none=True), ensure_ascii=False, indent=1) + "\n"


def read_table(path: Path) -> TableManifest:
    """The manifest in a file. Raises `ManifestBroken`."""
    return _read(path, TableManifest)


def read_folder(path: Path) -> FolderManifest:
    """The manifest of a folder. Raises `ManifestBroken`."""
    return _read(path, FolderManifest)


def _read(path: Path, model: type[M]) -> M:
    try:
        return model.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise ManifestBroken(f"there is no manifest {path}") from error
    except OSError as error:
        raise ManifestBroken(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ManifestBroken(f"{path} is no manifest: {where or 'JSON'}: {first['msg']}") from error
