"""Types of the vocabulary as columns of the row engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from shared.errors import Rejected

from generator_svc.rows.column import Slice
from generator_svc.vocabulary.field_slice import FieldSlice
from generator_svc.vocabulary.formulas import Pattern, pattern
from generator_svc.vocabulary.identifiers import UNIQUE
from generator_svc.vocabulary.resolving import Chosen

VOCABULARY_VERSION = 1
"""Raised with every change that alters a byte: a table, an order, the pinned version of Faker."""

AS_OF = date(2025, 10, 1)
"""The day that dates count from; fixed with the version, so that output never depends on today."""


@dataclass(frozen=True)
class TypedValues:
    """A column of one type."""

    chosen: Chosen
    entity: str = ""
    unique: bool = False

    @property
    def type(self) -> pa.DataType:
        return self.chosen.kind.arrow_type(self.chosen.parameters)

    @property
    def needs(self) -> Sequence[str]:
        return ()

    def make(self, column: str, part: Slice) -> pa.Array:
        """The values of a slice. Raises `Rejected` where there are fewer different values than rows."""
        field = FieldSlice(
            part.draws, f"field:{column}", part.as_of, self.chosen.locale, self.chosen.parameters, self.entity
        )
        if self.unique and self.chosen.kind.name not in UNIQUE:
            return self._different(field)
        return self.chosen.kind.make(field)

    @property
    def space(self) -> int | None:
        """How many different values there are; None: as many as rows, or it does not matter."""
        return space_of(self.chosen) if self.unique and self.chosen.kind.name not in UNIQUE else None

    def _different(self, field: FieldSlice) -> pa.Array:
        space = self.space or 0
        if field.draws.first + field.count > space:
            raise Rejected(
                f"{field.stream.removeprefix('field:')}: only {space:,} different values, fewer than rows; "
                "widen its range or do without unique",
                category="validation",
            )
        numbers = field.draws.unique(f"{field.stream}/unique", space)
        return _DIFFERENT[self.chosen.kind.name](self.chosen, numbers)


def space_of(chosen: Chosen) -> int | None:
    """How many different values a type has that can be made unique by drawing without repetition; None: it cannot."""
    values: Mapping[str, object] = chosen.parameters
    match chosen.kind.name, values:
        case "random_int", {"min": int(low), "max": int(high), "step": int(step)}:
            return (high - low) // step + 1
        case "random_element", {"elements": tuple(elements)}:
            return len(set(elements))
        case "bothify", {"text": str(text)}:
            return _space_of_pattern(pattern(text, "bothify"))
    return None


def _space_of_pattern(formula: object) -> int:
    places = formula.places if isinstance(formula, Pattern) else ()
    space = 1
    for place in places:
        space *= 1 if isinstance(place, str) else len(place)
    return min(space, 1 << 62)


def _different_integers(chosen: Chosen, numbers: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> pa.Array:
    return pa.array(chosen.parameters["min"] + numbers.astype(np.int64) * chosen.parameters["step"])


def _different_elements(chosen: Chosen, numbers: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> pa.Array:
    elements = list(dict.fromkeys(chosen.parameters["elements"]))
    kind = chosen.kind.arrow_type(chosen.parameters)
    texts = [str(element) for element in elements] if pa.types.is_string(kind) else elements
    return pa.array(texts, kind).take(pa.array(numbers.astype(np.int64)))


def _different_codes(chosen: Chosen, numbers: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> pa.Array:
    formula = pattern(chosen.parameters["text"], "bothify")
    rest, parts = numbers, []
    for place in formula.places if isinstance(formula, Pattern) else ():
        if isinstance(place, str):
            parts.append(pa.repeat(pa.scalar(place), len(numbers)))
            continue
        rest, symbol = np.divmod(rest, np.uint64(len(place)))
        parts.append(pa.array(sorted(place), pa.string()).take(pa.array(symbol.astype(np.int64))))
    return pc.binary_join_element_wise(*parts, "")


_DIFFERENT = {
    "random_int": _different_integers,
    "random_element": _different_elements,
    "bothify": _different_codes,
}
