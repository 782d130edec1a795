"""Prior-authorisation forms, one a payer (S4-20 … S4-21): the clinical part asks for what the payer's criteria need."""

from __future__ import annotations

from typing import Any

from generator_svc.recipes.clinical.payers import Payer, slug
from generator_svc.recipes.clinical.plans import LABEL, Pair

Field = dict[str, Any]

PATIENT = (
    ("demographics.first_name", "First name", "text", True),
    ("demographics.last_name", "Last name", "text", True),
    ("demographics.date_of_birth", "Date of birth", "date", True),
    ("demographics.sex", "Sex", "text", True),
    ("demographics.address.street", "Street", "text", True),
    ("demographics.address.city", "City", "text", True),
    ("demographics.address.state", "State", "text", True),
    ("demographics.address.zip", "ZIP code", "text", True),
    ("demographics.phone", "Telephone", "phone", True),
    ("demographics.email", "E-mail", "email", False),
    ("insurance.member_id", "Member ID", "text", True),
    ("insurance.group_number", "Group number", "text", True),
)
PRESCRIBER = (
    ("prescriber.name", "Prescriber's name", "text", True),
    ("prescriber.npi", "National Provider Identifier (NPI)", "text", True),
    ("prescriber.specialty", "Specialty", "text", False),
    ("prescriber.phone", "Telephone", "phone", True),
    ("prescriber.fax", "Fax", "phone", False),
)
MEDICATION = (
    ("medication.name", "Medication", "text", True),
    ("medication.strength", "Strength", "text", True),
    ("medication.directions", "Directions", "text", True),
    ("medication.quantity", "Quantity", "number", True),
    ("medication.days_supply", "Days' supply", "number", True),
)
_KINDS = {"demographics.age": "number", "labs.hba1c": "number", "labs.bmi": "number", "labs.egfr": "number",
          "labs.collected_on": "date"}  # fmt: skip


def form_of(payer: Payer, made: list[Pair]) -> dict[str, Any]:
    """The form of one payer; `name` of a field is its path in a patient's record where it has one."""
    return {
        "form_id": f"PA-{payer.prefix}",
        "payer": payer.name,
        "sections": {
            "patient_demographics": [_field(*row) for row in PATIENT],
            "prescriber_information": [_field(*row) for row in PRESCRIBER],
            "medication_information": [_field(*row) for row in MEDICATION],
            "clinical_information": clinical_fields([pair for pair in made if pair.payer is payer]),
        },
        "submission": submission(payer),
    }


def clinical_fields(made: list[Pair]) -> list[Field]:
    """Exactly the fields of the criteria: required where every drug that needs approval demands it."""
    asking = [pair for pair in made if pair.pa_required]
    demanded = {name: [pair.drug.name for pair in asking if _asks(pair, name)] for name in LABEL}
    return [
        _field(name, LABEL[name], _KINDS.get(name, "list"), len(drugs) == len(asking)) | {"demanded_for": drugs}
        for name, drugs in demanded.items()
        if drugs
    ]


def submission(payer: Payer) -> dict[str, Any]:
    """Where a request goes; everything reserved for fiction."""
    return {
        "methods": list(payer.methods),
        "phone": f"({payer.area_code}) 555-0110",
        "fax": f"({payer.area_code}) 555-0111",
        "portal": f"https://{slug(payer.name).replace('_', '-')}.example/prior-authorization",
        "mail": f"{payer.name}, Prior Authorization, PO Box 1000, {payer.city}",
    }


def _asks(pair: Pair, name: str) -> bool:
    return any(criterion.field == name for criterion in pair.criteria)


def _field(name: str, label: str, kind: str, required: bool) -> Field:
    return {"name": name, "label": label, "type": kind, "required": required}
