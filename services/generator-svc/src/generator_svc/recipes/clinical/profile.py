"""The two rule sets: the guide's to the letter, and the clinically right one (decision 5 on S4-14)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """Thresholds in tenths, as the record shows the values; the first value that counts as ill."""

    name: str
    diabetic_from: int
    """HbA1c in tenths of a percent: 66 is the guide's > 6.5 (S4-14), 65 the diagnostic criterion ≥ 6.5 (ADA)."""
    obese_from: int
    """BMI in tenths: 301 is the guide's > 30 (S4-13), 300 the WHO's class 1 (≥ 30)."""
    contraindications: bool
    """Whether kidney function decides what is prescribed; else every diabetic has Metformin (S4-31)."""


SEED = Profile("seed", diabetic_from=66, obese_from=301, contraindications=False)
CLINICAL = Profile("clinical", diabetic_from=65, obese_from=300, contraindications=True)

PROFILES = {profile.name: profile for profile in (SEED, CLINICAL)}
