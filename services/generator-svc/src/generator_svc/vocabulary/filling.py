"""Fills whole columns by formulas."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from generator_svc.rows.texts import fixed_width
from generator_svc.vocabulary.field_slice import FieldSlice
from generator_svc.vocabulary.formulas import Cased, Choice, Entries, Formula, Named, Pattern, Sequence

Places = NDArray[np.int64]

_WIDEST_DRAW = 1 << 40
"""Symbols taken from one 64-bit draw: their shares differ by less than 2⁻²⁴."""
_CASES = {
    "lower": pc.utf8_lower,
    "upper": pc.utf8_upper,
    "title": pc.utf8_title,
    "capitalize": pc.utf8_capitalize,
}


def filled(formula: Formula, field: FieldSlice) -> pa.Array:
    """A text for every row of the column."""
    return Filling(field).texts(formula, field.stream, np.arange(field.count))


class Filling:
    """The columns that one row range has needed so far: a method named twice in a row gives the same text."""

    def __init__(self, field: FieldSlice) -> None:
        self._field = field
        self._named: dict[str, pa.Array] = {}

    def texts(self, formula: Formula, stream: str, rows: Places) -> pa.Array:
        """Texts for some rows; `stream` names the draws."""
        match formula:
            case Entries(values=(only,)):
                return pa.repeat(pa.scalar(only, pa.string()), len(rows))
            case Entries(values=values, weights=weights):
                return _array(values).take(pa.array(self._chosen(stream, len(values), weights)[rows]))
            case Pattern():
                return self._drawn(formula, stream, rows)
            case Sequence(parts=parts):
                made = [self.texts(part, f"{stream}/{place}", rows) for place, part in enumerate(parts)]
                return pc.binary_join_element_wise(*made, "") if made else pa.repeat(pa.scalar(""), len(rows))
            case Choice(options=options, weights=weights):
                return self._one_of(options, self._chosen(stream, len(options), weights), stream, rows)
            case Cased(inner=inner, case=case):
                return _CASES[case](self.texts(inner, stream, rows))
            case Named(method=method, inner=inner):
                return self._by_method(method, inner).take(pa.array(rows))

    def _by_method(self, method: str, inner: Formula) -> pa.Array:
        stream = f"{self._field.stream}/{method}"
        if stream not in self._named:
            self._named[stream] = self.texts(inner, stream, np.arange(self._field.count))
        return self._named[stream]

    def _chosen(self, stream: str, options: int, weights: tuple[float, ...] | None) -> Places:
        draws = self._field.draws
        if weights is None or len(set(weights)) == 1:
            return draws.below(stream, options).astype(np.int64)
        return draws.choice(stream, weights)

    def _one_of(self, options: tuple[Formula, ...], chosen: Places, stream: str, rows: Places) -> pa.Array:
        mine = chosen[rows]
        order = np.argsort(mine, kind="stable")
        bounds = np.searchsorted(mine[order], np.arange(len(options) + 1))
        pieces = [
            self.texts(option, f"{stream}/{place}", rows[order[bounds[place] : bounds[place + 1]]])
            for place, option in enumerate(options)
            if bounds[place] < bounds[place + 1]
        ]
        if not pieces:
            return pa.array([], pa.string())
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        return pa.concat_arrays(pieces).take(pa.array(back))

    def _drawn(self, pattern: Pattern, stream: str, rows: Places) -> pa.Array:
        pieces, part = [], 0
        rest, left = self._bits(stream, part)[rows], _WIDEST_DRAW
        for place in pattern.places:
            if isinstance(place, str):
                literal = np.frombuffer(place.encode(), dtype=np.uint8)
                pieces.append(np.broadcast_to(literal, (len(rows), len(literal))))
                continue
            if left < len(place):
                part += 1
                rest, left = self._bits(stream, part)[rows], _WIDEST_DRAW
            rest, symbol = np.divmod(rest, np.uint64(len(place)))
            left //= len(place)
            pieces.append(_alphabet(place)[symbol.astype(np.intp)][:, np.newaxis])
        return fixed_width(np.hstack(pieces))

    def _bits(self, stream: str, part: int) -> NDArray[np.uint64]:
        return self._field.draws.bits(f"{stream}/symbols{part}")


@lru_cache(maxsize=1_024)
def _array(values: tuple[str, ...]) -> pa.Array:
    return pa.array(values, pa.string())


@lru_cache(maxsize=64)
def _alphabet(characters: frozenset[str]) -> NDArray[np.uint8]:
    return np.frombuffer("".join(sorted(characters)).encode(), dtype=np.uint8)
