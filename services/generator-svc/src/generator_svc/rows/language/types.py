"""All types of columns, by name."""

from __future__ import annotations

from collections.abc import Mapping

from generator_svc.rows.language import numeric, plain, relational
from generator_svc.rows.language.scope import ColumnSpec

TYPES: Mapping[str, type[ColumnSpec]] = {
    "constant": plain.ConstantSpec,
    "choice": plain.ChoiceSpec,
    "boolean": numeric.BooleanSpec,
    "integer": numeric.IntegerSpec,
    "number": numeric.NumberSpec,
    "normal": numeric.NormalSpec,
    "lognormal": numeric.LogNormalSpec,
    "exponential": numeric.ExponentialSpec,
    "triangular": numeric.TriangularSpec,
    "pareto": numeric.ParetoSpec,
    "beta": numeric.BetaSpec,
    "zipf": numeric.ZipfSpec,
    "poisson": numeric.PoissonSpec,
    "sequence": plain.SequenceSpec,
    "pattern": plain.PatternSpec,
    "uuid": plain.UuidSpec,
    "date": plain.DateSpec,
    "datetime": plain.DatetimeSpec,
    "text": plain.TextSpec,
    "formula": plain.FormulaSpec,
    "case": plain.CaseSpec,
    "parent": relational.ParentSpec,
    "position": relational.PositionSpec,
    "reference": relational.ReferenceSpec,
}
"""A new type is one class and one line here."""
EVERYWHERE = {"type", *ColumnSpec.model_fields}
"""Parameters that every type takes."""
