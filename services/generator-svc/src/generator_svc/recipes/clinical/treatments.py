"""What was tried, for how long, and what came of it; today's HbA1c is where the last treatment left it.

Outcomes are only those that lead to the next step (S4-33): these are the people prior authorisation is about.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generator_svc.recipes.clinical.body import Body, Bools, Ints
from generator_svc.recipes.clinical.drugs import GLIPIZIDE, HISTORY, INVOKANA, JARDIANCE, METFORMIN
from generator_svc.recipes.clinical.illness import HBA1C_MOST, Illness
from generator_svc.recipes.clinical.profile import Profile
from generator_svc.rows.draws import Bits, Draws, scaled

OUTCOMES = ("Inadequate response", "Intolerance - GI side effects", "Partial response")
INADEQUATE, INTOLERANCE, PARTIAL = range(3)

METFORMIN_EGFR_FROM = 30
"""Below it Metformin is contraindicated (label, section 4)."""
SGLT2_EGFR_FROM = 45
"""Below it neither Jardiance nor Invokana was started in the years that these histories cover."""

TRIAL_WEEKS = 12
"""Shortest trial that was not broken off: HbA1c shows twelve weeks."""
NO_DAY = np.int64(-1)

_OUTCOME_SHARES = {METFORMIN: (0.45, 0.20, 0.35), GLIPIZIDE: (0.55, 0.05, 0.40)}
_OUTCOME_SHARES |= dict.fromkeys((JARDIANCE, INVOKANA), (0.50, 0.10, 0.40))
_SECOND_AFTER = (0.68, 0.68, 0.4514)
"""Share that gets a second line, by outcome of the first: more often after a failure, 60 % in all (S4-32)."""
_SECOND_LINES = {GLIPIZIDE: 0.40, JARDIANCE: 0.35, INVOKANA: 0.25}


@dataclass(frozen=True)
class Line:
    """One line of treatment; where `given` is false the other columns mean nothing."""

    given: Bools
    medication: Ints
    """Position in `HISTORY`."""
    outcome: Ints
    """Position in `OUTCOMES`."""
    before: Ints
    after: Ints
    """HbA1c in tenths."""
    started: Ints
    ended: Ints
    """Days before `as_of`; `NO_DAY`: ongoing."""
    weeks: Ints
    """Full weeks, of an ongoing one until `as_of`."""


@dataclass(frozen=True)
class History:
    """Treatments of the diabetics, and the laboratory day that follows them."""

    lines: tuple[Line, Line]
    collected: Ints
    """Days before `as_of` when blood was drawn; since the last birthday, so that the age is the one in the record."""
    hba1c: Ints
    """Today's, in tenths."""

    def took(self, medication: str) -> Bools:
        """Who ever had it."""
        place = HISTORY.index(medication)
        first, second = self.lines
        had: Bools = (first.given & (first.medication == place)) | (second.given & (second.medication == place))
        return had


def histories(draws: Draws, body: Body, illness: Illness, profile: Profile) -> History:
    """Treatments in the order of their causes: medication, outcome, effect; then days, from today backwards."""
    first_drug, second_drug, has_choice = _medications(draws, illness, profile)
    first_outcome = _outcome(draws, "outcome/1", first_drug)
    second_given = illness.diabetic & has_choice
    second_given &= draws.uniform("second") < np.array(_SECOND_AFTER)[first_outcome]
    second_outcome = _outcome(draws, "outcome/2", second_drug)
    before = illness.untreated_hba1c
    after = _effect(draws, "effect/1", before, first_outcome, 68)
    later = np.clip(after + draws.below("drift", 5).astype(np.int64), 70, HBA1C_MOST)
    latest = _effect(draws, "effect/2", later, second_outcome, profile.diabetic_from - 1)
    # A day less than since the birthday, because a leap day may lie between.
    latest_day = np.maximum(body.since_birthday - 1, 0)
    collected = np.minimum(draws.below("collected", 121).astype(np.int64), latest_day)
    last = np.where(second_given, second_outcome, first_outcome)
    days = _Days.back_from(draws, collected, last)
    second_span, first_span = days.last_line(), days.earlier_line(first_outcome)
    first_days = tuple(np.where(second_given, e, o) for e, o in zip(first_span, second_span, strict=True))
    first = Line(illness.diabetic, first_drug, first_outcome, before, after, *first_days)
    second = Line(second_given, second_drug, second_outcome, later, latest, *second_span)
    hba1c = np.where(second_given, latest, np.where(illness.diabetic, after, before))
    return History((first, second), collected, hba1c)


def _medications(draws: Draws, illness: Illness, profile: Profile) -> tuple[Ints, Ints, Bools]:
    """First and second line, and whether anything is left for a second one."""
    metformin, glipizide = HISTORY.index(METFORMIN), HISTORY.index(GLIPIZIDE)
    seconds = np.array([HISTORY.index(name) for name in _SECOND_LINES])
    second = seconds[draws.choice("second/drug", list(_SECOND_LINES.values()))]
    first = np.full(draws.count, metformin)
    if not profile.contraindications:
        return first, second, np.ones(draws.count, dtype=np.bool_)
    second = np.where(illness.egfr < SGLT2_EGFR_FROM, glipizide, second)
    excused = illness.egfr < METFORMIN_EGFR_FROM
    return np.where(excused, glipizide, first), second, ~excused


def _outcome(draws: Draws, column: str, medication: Ints) -> Ints:
    limits = np.array([[shares[0], shares[0] + shares[1]] for shares in (_OUTCOME_SHARES[name] for name in HISTORY)])
    lot, bounds = draws.uniform(column), limits[medication]
    return np.asarray((lot[:, None] >= bounds).sum(axis=1), dtype=np.int64)


def _effect(draws: Draws, column: str, before: Ints, outcome: Ints, floor: int) -> Ints:
    """HbA1c afterwards: a partial response takes a share of what lies above `floor`, the others change little."""
    lot = draws.uniform(column)
    partial = np.maximum(np.rint((before - floor) * (0.3 + 0.5 * lot)), 2)
    intolerance, inadequate = np.floor(lot * 4), np.floor(lot * 6) - 3
    fall = np.select([outcome == PARTIAL, outcome == INTOLERANCE], [partial, intolerance], inadequate)
    after: Ints = np.minimum(before - fall.astype(np.int64), HBA1C_MOST)
    return after


@dataclass(frozen=True)
class _Days:
    """Days before `as_of`, counted back from the laboratory day: lines follow each other and never overlap."""

    collected: Ints
    ended: Ints
    weeks: Ints
    extra: Ints
    gap: Ints
    earlier_weeks: Ints
    short: Ints
    ongoing: Bools
    broken_off: Bools

    @classmethod
    def back_from(cls, draws: Draws, collected: Ints, outcome: Ints) -> _Days:
        broken_off = outcome == INTOLERANCE
        lot = draws.bits("days", 6)
        gap, extra = _below(lot[:, 0], 61), _below(lot[:, 1], 7)
        weeks, earlier = TRIAL_WEEKS + _below(lot[:, 2], 93), TRIAL_WEEKS + _below(lot[:, 3], 93)
        short, ongoing = 2 + _below(lot[:, 4], 8), (_below(lot[:, 5], 10) < 6) & ~broken_off
        return cls(collected, collected + gap, weeks, extra, gap, earlier, short, ongoing, broken_off)

    def last_line(self) -> tuple[Ints, Ints, Ints]:
        """Started, ended, weeks: ongoing since well before the blood was drawn, or ended by then."""
        weeks = np.where(self.broken_off, self.short, self.weeks)
        running = self.collected + 7 * self.weeks + self.extra
        started = np.where(self.ongoing, running, self.ended + 7 * weeks)
        ended = np.where(self.ongoing, NO_DAY, self.ended)
        return started, ended, np.where(self.ongoing, running // 7, weeks)

    def earlier_line(self, outcome: Ints) -> tuple[Ints, Ints, Ints]:
        """The line before it: ended on the day that the last one started, or up to a week earlier."""
        weeks = np.where(outcome == INTOLERANCE, self.short + 1, self.earlier_weeks)
        ended = self.last_line()[0] + self.extra
        return ended + 7 * weeks, ended, weeks


def _below(bits: Bits, bound: int) -> Ints:
    return scaled(bits, bound).astype(np.int64)
