"""Texts put together out of other columns: `{first} {last}`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.rows.cells import plain_text
from generator_svc.rows.column import Slice

_SLOT = re.compile(r"\{(\w+)\}")
ROW = "row"
"""Slot that is the row's number from 1: a text with it never repeats."""


@dataclass(frozen=True)
class Template:
    """A text with slots that are columns, or `{row}`; null columns leave their slot empty."""

    text: str

    @cached_property
    def needs(self) -> Sequence[str]:
        return [name for name in dict.fromkeys(_SLOT.findall(self.text)) if name != ROW]

    @property
    def type(self) -> pa.DataType:
        return pa.string()

    def make(self, column: str, part: Slice) -> pa.Array:
        """Nothing is drawn."""
        pieces: list[pa.Array | pa.Scalar] = []
        for number, piece in enumerate(_SLOT.split(self.text)):
            if number % 2 == 0:
                pieces += [pa.scalar(piece)] if piece else []
            elif piece == ROW:
                pieces.append(pc.cast(pa.array(part.draws.indices + 1), pa.string()))
            else:
                pieces.append(pc.fill_null(plain_text(part.made[piece]), ""))
        if not any(isinstance(piece, pa.Array) for piece in pieces):
            return pa.repeat(pa.scalar(self.text), part.count)
        return pc.binary_join_element_wise(*pieces, pa.scalar(""), "")
