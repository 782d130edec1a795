"""The drugs: ten that plans decide about (S4-18), and those of the treatment histories (S4-31, S4-32).

Strengths, packages and limits follow the products' labels; which plan wants what is drawn in `plans`.
"""

from __future__ import annotations

from dataclasses import dataclass

DIABETES, OBESITY = "diabetes", "obesity"

METFORMIN, GLIPIZIDE, JARDIANCE, INVOKANA = "Metformin", "Glipizide", "Jardiance", "Invokana"

HISTORY = (METFORMIN, GLIPIZIDE, JARDIANCE, INVOKANA)
"""Medications of treatment histories; positions are what `treatments` computes with."""


@dataclass(frozen=True)
class Drug:
    """A brand that plans cover, need approval for, or do not cover."""

    name: str
    ingredient: str
    group: str
    """Class of medicines, as a policy calls it."""
    indication: str
    strength: str
    directions: str
    quantity: int
    unit: str
    days: int
    """Usual limit: so many units in so many days."""
    tier: int
    """Usual tier, 2 preferred brand … 4 specialty; plans differ by one."""
    egfr_from: int | None = None
    """Kidney function (mL/min/1.73 m²) below which the label advises against it; None: no such advice."""


GLP1 = "GLP-1 receptor agonist"
SGLT2 = "SGLT2 inhibitor"

DRUGS: tuple[Drug, ...] = (
    Drug("Ozempic", "Semaglutide", GLP1, DIABETES, "1 mg/dose, 4 mg/3 mL pen",
         "Inject 1 mg under the skin once a week", 1, "pen", 28, 3),
    Drug("Trulicity", "Dulaglutide", GLP1, DIABETES, "1.5 mg/0.5 mL pen",
         "Inject 1.5 mg under the skin once a week", 4, "pen", 28, 3),
    Drug("Mounjaro", "Tirzepatide", "GIP and GLP-1 receptor agonist", DIABETES, "5 mg/0.5 mL pen",
         "Inject 5 mg under the skin once a week", 4, "pen", 28, 3),
    Drug("Victoza", "Liraglutide", GLP1, DIABETES, "18 mg/3 mL pen",
         "Inject 1.2 mg under the skin once a day", 2, "pen", 30, 3),
    Drug("Rybelsus", "Semaglutide", GLP1, DIABETES, "7 mg tablet",
         "Take 1 tablet by mouth once a day before food", 30, "tablet", 30, 3),
    Drug("Jardiance", "Empagliflozin", SGLT2, DIABETES, "10 mg tablet",
         "Take 1 tablet by mouth once a day", 30, "tablet", 30, 2, 30),
    Drug("Invokana", "Canagliflozin", SGLT2, DIABETES, "100 mg tablet",
         "Take 1 tablet by mouth once a day before the first meal", 30, "tablet", 30, 3, 30),
    Drug("Januvia", "Sitagliptin", "DPP-4 inhibitor", DIABETES, "100 mg tablet",
         "Take 1 tablet by mouth once a day", 30, "tablet", 30, 2, 45),
    Drug("Wegovy", "Semaglutide", GLP1, OBESITY, "1 mg/0.5 mL pen",
         "Inject 1 mg under the skin once a week", 4, "pen", 28, 4),
    Drug("Zepbound", "Tirzepatide", "GIP and GLP-1 receptor agonist", OBESITY, "5 mg/0.5 mL pen",
         "Inject 5 mg under the skin once a week", 4, "pen", 28, 4),
)  # fmt: skip
