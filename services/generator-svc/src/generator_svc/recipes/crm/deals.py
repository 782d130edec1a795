"""A deal that fits its contact and company (S2-32, S2-74), and the steps that led to its stage (S2-75)."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from generator_svc.recipes.crm import talk, words
from generator_svc.recipes.crm.pairs import Pairs
from generator_svc.recipes.crm.schedule import business_later
from generator_svc.recipes.crm.telling import told
from generator_svc.rows.texts import joined, take

_DAY = 8 * 60
_OPEN_STAGES = 5
_STEPS = np.array(words.STEPS)


class Deals:
    """One deal a pair; each reads the pair's facts."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs

    @cached_property
    def stage_place(self) -> NDArray[np.int64]:
        """Hot leads are further on."""
        draws, made = self.pairs.draws, np.zeros(self.pairs.count, dtype=np.int64)
        for temperature, weights in words.STAGE_WEIGHTS.items():
            mine = pc.equal(self.pairs.temperature, temperature).to_numpy(zero_copy_only=False)
            made = np.where(mine, draws.choice("deal/stage", weights), made)
        return made

    @cached_property
    def stage(self) -> pa.Array:
        return take(pa.array(words.STAGES), self.stage_place)

    @cached_property
    def amount(self) -> NDArray[np.int64]:
        """In hundreds, growing with the company, in the currency of its country."""
        share = self.pairs.draws.uniform("deal/amount")
        if self.pairs.scene.scenario == "B2C":
            return 50 + 10 * np.floor(share * share * 240).astype(np.int64)
        size = np.sqrt(self.pairs.employees.astype(np.float64))
        return 100 * np.floor((20 + share * 60) * size / 2 + 15).astype(np.int64)

    @cached_property
    def opened(self) -> NDArray[np.int64]:
        """One to three business days after the contact arrived."""
        later = self.pairs.draws.below("deal/opened", 2 * _DAY).astype(np.int64)
        return business_later(self.pairs.arrived, _DAY + later)

    def step_at(self, step: NDArray[np.int64] | int) -> NDArray[np.int64]:
        """When the step (from 0) towards the present stage was taken: each two to six business days after the last."""
        pace = 2 * _DAY + self.pairs.draws.below("deal/pace", 4 * _DAY).astype(np.int64)
        return business_later(self.opened, (np.asarray(step) + 1) * pace)

    @cached_property
    def steps(self) -> NDArray[np.int64]:
        """How many steps were taken."""
        return _STEPS[self.stage_place]

    @cached_property
    def closes(self) -> NDArray[np.int64]:
        """A closed deal closed with its last step; an open one is expected to, 10 to 40 business days after it."""
        last = self.step_at(self.steps - 1)
        ahead = 10 * _DAY + self.pairs.draws.below("deal/closes", 30 * _DAY).astype(np.int64)
        return np.where(self.stage_place >= _OPEN_STAGES, last, business_later(last, ahead))

    @cached_property
    def next_step(self) -> pa.Array:
        """What comes next, in the contact's language."""
        return told(talk.STEP, self.stage_place, self.pairs.language, {})

    @cached_property
    def name(self) -> pa.Array:
        return joined([self.pairs.company, self.pairs.product()], " - ")

    @cached_property
    def facts(self) -> dict[str, pa.Array]:
        """All that texts quote."""
        pairs = self.pairs
        return {
            "firstname": pairs.firstname, "lastname": pairs.lastname, "company": pairs.company, "email": pairs.email,
            "phone": pairs.phone, "role": pairs.role, "source": pairs.source, "product": pairs.product(),
            "employees": pc.cast(pa.array(pairs.employees), pa.string()), "currency": pairs.currency,
            "amount": pc.cast(pa.array(self.amount), pa.string()), "step": self.next_step,
            "score": pc.cast(pa.array(pairs.score), pa.string()),
        }  # fmt: skip
