"""Keys: sequences, unique codes, patterns, UUIDs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from string import ascii_lowercase, ascii_uppercase, digits

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.rows.column import Slice
from generator_svc.rows.texts import Bytes, fixed_width, numbered

_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_CLASSES = {
    "#": np.frombuffer(digits.encode(), dtype=np.uint8),
    "?": np.frombuffer(ascii_uppercase.encode(), dtype=np.uint8),
    "~": np.frombuffer(ascii_lowercase.encode(), dtype=np.uint8),
    "*": np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", dtype=np.uint8),
}
"""Place-holders of a pattern; a backslash makes the next symbol stand for itself."""


@dataclass(frozen=True)
class Serial:
    """Numbers from `start` on, by `step`; with a prefix or a width they are texts."""

    start: int = 1
    step: int = 1
    prefix: str = ""
    width: int = 0
    needs: Sequence[str] = ()
    by_index = True

    @property
    def type(self) -> pa.DataType:
        return pa.string() if self.prefix or self.width else pa.int64()

    def make(self, column: str, part: Slice) -> pa.Array:
        """Nothing is drawn: the row number is all it takes. Numbers wider than the width are not cut."""
        numbers = self.start + part.draws.indices.astype(np.int64) * self.step
        if not (self.prefix or self.width):
            return pa.array(numbers)
        if (
            len(numbers)
            and self.width
            and self.prefix.isascii()
            and 0 <= numbers.min() <= numbers.max() < 10**self.width
        ):
            return numbered(self.prefix, numbers.astype(np.uint64), self.width)
        text = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), self.width, "0")
        return pc.binary_join_element_wise(pa.scalar(self.prefix), text, "")


@dataclass(frozen=True)
class Pattern:
    """Texts like `SKU-##??`; unique ones are a bijection of the row number, so they never repeat."""

    pattern: str
    unique: bool = False
    needs: Sequence[str] = ()

    @property
    def type(self) -> pa.DataType:
        return pa.string()

    @property
    def by_index(self) -> bool:
        return self.unique

    @cached_property
    def space(self) -> int:
        """How many different texts there are."""
        return prod(len(_CLASSES[symbol]) for symbol, literal in self._places if not literal)

    def make(self, column: str, part: Slice) -> pa.Array:
        """One draw a row, or one per place-holder where they may repeat and do not fit into one."""
        out = np.empty((part.count, len(self._places)), dtype=np.uint8)
        free = [place for place, (_, literal) in enumerate(self._places) if not literal]
        symbols = self._symbols(column, part, len(free))
        for place, (symbol, literal) in enumerate(self._places):
            if literal:
                out[:, place] = ord(symbol)
        for number, place in enumerate(free):
            out[:, place] = symbols[number]
        return fixed_width(out)

    @cached_property
    def _places(self) -> list[tuple[str, bool]]:
        found = re.findall(r"\\(.)|(.)", self.pattern, re.DOTALL)
        return [(escaped or plain, bool(escaped) or plain not in _CLASSES) for escaped, plain in found]

    def _symbols(self, column: str, part: Slice, width: int) -> list[Bytes]:
        alphabets = [_CLASSES[symbol] for symbol, literal in self._places if not literal]
        if not width:
            return []
        if not self.unique:
            drawn = part.draws.bits(column, width).reshape(part.count, width) >> np.uint64(32)
            return [
                alphabet[((drawn[:, i] * np.uint64(len(alphabet))) >> np.uint64(32)).astype(np.intp)]
                for i, alphabet in enumerate(alphabets)
            ]
        rest, made = part.draws.unique(column, self.space), []
        for alphabet in reversed(alphabets):
            rest, digit = np.divmod(rest, np.uint64(len(alphabet)))
            made.append(alphabet[digit.astype(np.intp)])
        return made[::-1]


@dataclass(frozen=True)
class Uuid:
    """Random UUIDs, version 4 of RFC 9562: 122 random bits."""

    needs: Sequence[str] = ()

    @property
    def type(self) -> pa.DataType:
        return pa.string()

    def make(self, column: str, part: Slice) -> pa.Array:
        """Two draws a row."""
        octets = part.draws.bits(column, 2).astype("<u8").view(np.uint8).reshape(part.count, 16).copy()
        octets[:, 6] = (octets[:, 6] & 0x0F) | 0x40
        octets[:, 8] = (octets[:, 8] & 0x3F) | 0x80
        symbols = np.empty((part.count, 32), dtype=np.uint8)
        symbols[:, 0::2], symbols[:, 1::2] = _HEX[octets >> 4], _HEX[octets & 0x0F]
        out = np.full((part.count, 36), ord("-"), dtype=np.uint8)
        for begin, end, at in ((0, 8, 0), (8, 12, 9), (12, 16, 14), (16, 20, 19), (20, 32, 24)):
            out[:, at : at + end - begin] = symbols[:, begin:end]
        return fixed_width(out)
