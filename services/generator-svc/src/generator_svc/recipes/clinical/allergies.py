"""Allergies with a reaction that the substance causes; never to what the patient was given."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from generator_svc.recipes.clinical.body import Bools, Ints
from generator_svc.recipes.clinical.drugs import GLIPIZIDE, INVOKANA, JARDIANCE
from generator_svc.recipes.clinical.treatments import History
from generator_svc.rows.draws import Draws, scaled, scaled_low


class Allergen(NamedTuple):
    """A substance, two reactions to it with their severities, how common it is, and what it forbids."""

    substance: str
    reactions: tuple[tuple[str, str], tuple[str, str]]
    weight: float
    rules_out: str | None = None
    """Medication of the histories that must not be given."""


_RASH, _HIVES = ("Rash", "mild"), ("Hives", "moderate")
_SHOCK, _SWELLING = ("Anaphylaxis", "severe"), ("Angioedema", "severe")

ALLERGENS: tuple[Allergen, ...] = (
    Allergen("Penicillin", (_HIVES, _SHOCK), 26),
    Allergen("Sulfonamides", (_RASH, _HIVES), 14, GLIPIZIDE),
    Allergen("Aspirin", (_HIVES, ("Bronchospasm", "severe")), 7),
    Allergen("Codeine", (("Itching", "mild"), ("Vomiting", "moderate")), 8),
    Allergen("Lisinopril", (("Cough", "mild"), _SWELLING), 7),
    Allergen("Iodinated contrast media", (_HIVES, _SHOCK), 5),
    Allergen("Latex", (("Contact dermatitis", "mild"), _HIVES), 7),
    Allergen("Peanuts", (_HIVES, _SHOCK), 6),
    Allergen("Shellfish", (_HIVES, _SWELLING), 9),
    Allergen("Bee venom", (("Local swelling", "mild"), _SHOCK), 5),
    Allergen("Semaglutide", (_HIVES, _SWELLING), 1.2),
    Allergen("Dulaglutide", (_HIVES, _SWELLING), 1.2),
    Allergen("Liraglutide", (_HIVES, _SWELLING), 1.0),
    Allergen("Tirzepatide", (_HIVES, _SWELLING), 0.8),
    Allergen("Empagliflozin", (_RASH, _SWELLING), 0.8, JARDIANCE),
    Allergen("Canagliflozin", (_RASH, _SWELLING), 0.8, INVOKANA),
    Allergen("Sitagliptin", (_RASH, _SWELLING), 0.8),
)

SUBSTANCES = tuple(allergen.substance for allergen in ALLERGENS)
REACTIONS = tuple(reaction for allergen in ALLERGENS for reaction in allergen.reactions)
"""Reaction and severity, two per substance in their order."""

_ANY, _TWO = 0.36, 0.22


def allergies(draws: Draws, history: History) -> tuple[Ints, Ints, Bools]:
    """Positions in `SUBSTANCES` and `REACTIONS`, and whether the patient has it; two columns, never one twice."""
    count = len(ALLERGENS)
    first = draws.choice("allergy", [allergen.weight for allergen in ALLERGENS])
    bits = draws.bits("allergy/second")
    second = draws.choice("allergy/other", [allergen.weight for allergen in ALLERGENS])
    second = np.where(second == first, (first + 1 + scaled(bits, count - 1).astype(np.int64)) % count, second)
    substance = np.stack([first, second], axis=1)
    lot = draws.uniform("allergic", 2)
    has = np.stack([lot[:, 0] < _ANY, (lot[:, 0] < _ANY) & (lot[:, 1] < _TWO)], axis=1)
    for place, allergen in enumerate(ALLERGENS):
        if allergen.rules_out is not None:
            has &= ~((substance == place) & history.took(allergen.rules_out)[:, None])
    worse = np.stack([scaled(bits, 2), scaled_low(bits, 2)], axis=1).astype(np.int64)
    return substance, substance * 2 + worse, has
