"""One of given values (S3-11)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from generator_svc.vocabulary.field_slice import FieldSlice
from generator_svc.vocabulary.kinds import Kind, Parameter, Parameters


def chosen(field: FieldSlice) -> pa.Array:
    """One of the elements, by weight where there are weights."""
    elements, weights = field["elements"], field["weights"]
    places = field.choice("element", weights) if weights else field.below("element", len(elements))
    kind = type_of(field.parameters or {})
    return pa.array([_fitting(element, kind) for element in elements], kind).take(pa.array(places))


def type_of(parameters: Parameters) -> pa.DataType:
    """Whole numbers, numbers, flags; texts where the elements are mixed, or numbers that no column holds exactly."""
    elements = [element for element in parameters["elements"] or () if element is not None]
    found = {type(element) for element in elements}
    if found == {bool}:
        return pa.bool_()
    if found == {int} and all(abs(element) < 2**63 for element in elements):
        return pa.int64()
    if found and found <= {int, float} and all(type(one) is float or abs(one) <= 2**53 for one in elements):
        return pa.float64()
    return pa.string()


def _fitting(element: Any, kind: pa.DataType) -> Any:
    if element is None or not pa.types.is_string(kind):
        return element
    return str(element).lower() if isinstance(element, bool) else str(element)


def _weighted(parameters: Parameters) -> Iterator[tuple[str, str]]:
    if not parameters["elements"]:
        yield "elements", "a list of values to choose from is needed"
    elif parameters["weights"] and len(parameters["weights"]) != len(parameters["elements"]):
        yield "weights", f"{len(parameters['weights'])} weights for {len(parameters['elements'])} elements"


KINDS: tuple[Kind, ...] = (
    Kind("random_element", "choices", "one of given values", chosen, type_of,
         (Parameter("elements", "texts", None, summary="what to choose from"),
          Parameter("weights", "numbers", None, summary="how likely each is")), _weighted),
)  # fmt: skip
