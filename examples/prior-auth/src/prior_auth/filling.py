"""A payer's form, filled from the record; what only the prescriber knows stays open and is listed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prior_auth.criteria import values_at

Record = Mapping[str, Any]

_WHOLE_ENTRIES = {"diagnoses.icd10", "treatments"}
"""Lists whose entries are given whole: a code without its date says too little."""


def filled(form: Record, patient: Record, drug: str, decision: Record) -> dict[str, Any]:
    """The form with a `value` per field that concerns this drug, and under `open` what is still to be filled in."""
    medication = _medication(drug, decision)
    sections: dict[str, list[dict[str, Any]]] = {}
    for name, fields in form["sections"].items():
        asked = [field for field in fields if drug in field.get("demanded_for", [drug])]
        sections[name] = [
            {key: field[key] for key in ("name", "label", "type")}
            # Whatever this drug's criteria demand is required on a request for it.
            | {"required": field["required"] or "demanded_for" in field}
            | {"value": _value(field["name"], patient, medication)}
            for field in asked
        ]
    missing = [field["label"] for fields in sections.values() for field in fields
               if field["required"] and field["value"] is None]  # fmt: skip
    return {
        "form_id": form["form_id"],
        "payer": form["payer"],
        "sections": sections,
        "submission": form["submission"],
        "open": missing,
    }


def _medication(drug: str, decision: Record) -> dict[str, Any]:
    limit = decision.get("quantity_limit") or {}
    return {
        "medication.name": drug,
        "medication.quantity": limit.get("quantity"),
        "medication.days_supply": limit.get("days"),
    }


def _value(name: str, patient: Record, medication: Record) -> Any:
    if name.startswith(("medication.", "prescriber.")):
        return medication.get(name)
    path = name.rpartition(".")[0] if name in _WHOLE_ENTRIES and "." in name else name
    top = path.partition(".")[0]
    found = values_at(patient, path)
    if isinstance(patient.get(top), list):
        return found
    return found[0] if found else None
