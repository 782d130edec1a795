"""One field of a row range: its draws under its own name, its parameters, and the day that dates count from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator_svc.rows.draws import Bits, Draws, Floats

DEFAULT_LOCALE = "en_US"


@dataclass(frozen=True)
class FieldSlice:
    """What a kind makes its values from."""

    draws: Draws
    stream: str
    as_of: date
    locale: str = DEFAULT_LOCALE
    parameters: Mapping[str, Any] | None = None
    entity: str = ""
    """Fields of one entity (a person, a place, a product) share its draws, so that name and e-mail agree."""

    @property
    def count(self) -> int:
        return self.draws.count

    def __getitem__(self, parameter: str) -> Any:
        return (self.parameters or {}).get(parameter)

    def part(self, name: str) -> FieldSlice:
        """A field of its own inside this one."""
        return replace(self, stream=f"{self.stream}/{name}")

    def of_entity(self, kind: str) -> FieldSlice:
        """The field whose draws all fields of this entity share."""
        return replace(self, stream=f"{kind}:{self.entity}")

    def below(self, part: str, bound: int | Bits) -> NDArray[np.int64]:
        """Whole numbers of [0, bound)."""
        return self.draws.below(f"{self.stream}/{part}", bound).astype(np.int64)

    def choice(self, part: str, weights: Sequence[float]) -> NDArray[np.int64]:
        """Positions, each as likely as its weight."""
        return self.draws.choice(f"{self.stream}/{part}", weights)

    def uniform(self, part: str) -> Floats:
        """Even numbers of [0, 1)."""
        return self.draws.uniform(f"{self.stream}/{part}")

    def bits(self, part: str) -> Bits:
        """64 random bits a row."""
        return self.draws.bits(f"{self.stream}/{part}")
