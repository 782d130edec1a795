"""A schema map as a recipe."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import orjson

from generator_svc.design.schema_map import SchemaMap
from generator_svc.rows.column import Column, Columns
from generator_svc.vocabulary.entities import entities
from generator_svc.vocabulary.values import AS_OF, VOCABULARY_VERSION, TypedValues

NAME = "schema"
"""Of every compiled recipe: the draws of a field depend on its own name, so an edit of one field changes no other."""


def compiled(schema: SchemaMap) -> Columns:
    """The recipe of a checked map."""
    owners = entities({field.name: field.chosen.kind for field in schema.fields})
    columns = [
        Column(field.name, TypedValues(field.chosen, owners[field.name], field.unique), field.null_rate)
        for field in schema.fields
    ]
    return Columns(NAME, VOCABULARY_VERSION, AS_OF, columns)


def fingerprint(schema: SchemaMap) -> str:
    """The same for maps that make the same rows."""
    plain: dict[str, Any] = schema.as_map()
    return blake2b(orjson.dumps([VOCABULARY_VERSION, list(plain.items())]), digest_size=16).hexdigest()
