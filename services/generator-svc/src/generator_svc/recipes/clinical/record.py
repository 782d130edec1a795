"""A patient's record as Arrow: nested as the guide's JSON, a column per leaf."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from generator_svc.recipes.clinical.allergies import REACTIONS, SUBSTANCES
from generator_svc.recipes.clinical.body import Body, Bools, Ints
from generator_svc.recipes.clinical.diagnoses import ICD10, Diagnoses
from generator_svc.recipes.clinical.drugs import HISTORY
from generator_svc.recipes.clinical.illness import Illness
from generator_svc.recipes.clinical.treatments import NO_DAY, OUTCOMES, History
from generator_svc.rows import texts

_TEXT, _DAY, _INT, _FLOAT = pa.string(), pa.date32(), pa.int32(), pa.float64()

ADDRESS = pa.struct([("street", _TEXT), ("city", _TEXT), ("state", _TEXT), ("zip", _TEXT)])
DEMOGRAPHICS = pa.struct([
    ("first_name", _TEXT), ("last_name", _TEXT), ("sex", _TEXT), ("age", _INT), ("date_of_birth", _DAY),
    ("address", ADDRESS), ("phone", _TEXT), ("email", _TEXT),
])  # fmt: skip
INSURANCE = pa.struct([
    ("payer", _TEXT), ("plan_name", _TEXT), ("member_id", _TEXT), ("group_number", _TEXT), ("effective_date", _DAY),
])  # fmt: skip
DIAGNOSIS = pa.struct([("icd10", _TEXT), ("description", _TEXT), ("diagnosed_on", _DAY)])
LABS = pa.struct([
    ("collected_on", _DAY), ("hba1c", _FLOAT), ("mean_glucose_mg_dl", _INT), ("bmi", _FLOAT), ("height_cm", _INT),
    ("weight_kg", _FLOAT), ("egfr", _INT), ("creatinine_mg_dl", _FLOAT), ("alt_u_l", _INT), ("ast_u_l", _INT),
])  # fmt: skip
TREATMENT = pa.struct([
    ("medication", _TEXT), ("line", _INT), ("started_on", _DAY), ("ended_on", _DAY), ("duration_weeks", _INT),
    ("outcome", _TEXT), ("hba1c_before", _FLOAT), ("hba1c_after", _FLOAT),
])  # fmt: skip
ALLERGY = pa.struct([("substance", _TEXT), ("reaction", _TEXT), ("severity", _TEXT)])

SCHEMA = pa.schema([
    ("patient_id", _TEXT), ("demographics", DEMOGRAPHICS), ("insurance", INSURANCE),
    ("diagnoses", pa.list_(DIAGNOSIS)), ("labs", LABS), ("treatments", pa.list_(TREATMENT)),
    ("allergies", pa.list_(ALLERGY)),
])  # fmt: skip

_CODES, _DESCRIPTIONS = pa.array(list(ICD10)), pa.array(list(ICD10.values()))
_MEDICATIONS, _OUTCOMES, _SUBSTANCES = pa.array(HISTORY), pa.array(OUTCOMES), pa.array(SUBSTANCES)
_REACTIONS = pa.array([reaction for reaction, _ in REACTIONS])
_SEVERITIES = pa.array([severity for _, severity in REACTIONS])


def struct(kind: pa.StructType, arrays: list[pa.Array]) -> pa.Array:
    """Arrays under the names of a struct type."""
    return pa.StructArray.from_arrays(arrays, fields=list(kind))


def demographics_of(arrays: list[pa.Array]) -> pa.Array:
    """`identity.demographics` with the address as a record of its own."""
    return struct(DEMOGRAPHICS, [*arrays[:5], struct(ADDRESS, arrays[5:9]), *arrays[9:]])


def labs_of(body: Body, illness: Illness, history: History, glucose: Ints, today: int) -> pa.Array:
    """Laboratory values of the last visit."""
    return struct(LABS, [
        texts.days(today - history.collected), _decimal(history.hba1c, 10), _int(glucose), _decimal(body.bmi, 10),
        _int(body.height_cm), _decimal(body.weight, 10), _int(illness.egfr), _decimal(illness.creatinine, 100),
        _int(illness.alt), _int(illness.ast),
    ])  # fmt: skip


def diagnoses_of(found: Diagnoses, today: int) -> pa.Array:
    """Lists of diagnoses."""
    codes, since, has = found
    return lists(DIAGNOSIS, has, [
        texts.take(_CODES, codes[has]), texts.take(_DESCRIPTIONS, codes[has]), texts.days(today - since[has]),
    ])  # fmt: skip


def treatments_of(history: History, today: int) -> pa.Array:
    """Lists of treatments, the first line first."""
    has = np.stack([line.given for line in history.lines], axis=1)
    columns = {
        name: np.stack([getattr(line, name) for line in history.lines], axis=1)[has]
        for name in ("medication", "outcome", "before", "after", "started", "ended", "weeks")
    }
    number = np.broadcast_to(np.array([1, 2]), has.shape)[has]
    ended, ongoing = columns["ended"], columns["ended"] == NO_DAY
    return lists(TREATMENT, has, [
        texts.take(_MEDICATIONS, columns["medication"]), _int(number), texts.days(today - columns["started"]),
        pa.array((today - ended).astype(np.int32), mask=ongoing).view(pa.date32()), _int(columns["weeks"]),
        texts.take(_OUTCOMES, columns["outcome"]), _decimal(columns["before"], 10), _decimal(columns["after"], 10),
    ])  # fmt: skip


def allergies_of(found: tuple[Ints, Ints, Bools]) -> pa.Array:
    """Lists of allergies."""
    substance, reaction, has = found
    return lists(ALLERGY, has, [
        texts.take(_SUBSTANCES, substance[has]), texts.take(_REACTIONS, reaction[has]),
        texts.take(_SEVERITIES, reaction[has]),
    ])  # fmt: skip


def lists(kind: pa.StructType, has: Bools, arrays: list[pa.Array]) -> pa.Array:
    """One list per row of `has`, as long as the row has true values; `arrays` hold the entries of all rows in turn."""
    offsets = np.zeros(len(has) + 1, dtype=np.int32)
    np.cumsum(has.sum(axis=1), out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), struct(kind, arrays), type=pa.list_(kind))


def _int(numbers: NDArray[Any]) -> pa.Array:
    return pa.array(numbers.astype(np.int32))


def _decimal(numbers: Ints, scale: int) -> pa.Array:
    """Tenths or hundredths as the nearest double, which is what reading the written decimal gives."""
    return pa.array(numbers / float(scale))
