"""Columns that keep to what a CRM says of a field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from shared.errors import Rejected

from generator_svc.describe.ids import SPACE, ids_of
from generator_svc.rows.cells import plain_text
from generator_svc.rows.column import Slice
from generator_svc.rows.texts import fixed_width, symbols
from generator_svc.vocabulary.values import TypedValues

_CODE = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", dtype=np.uint8)
_WIDEST_CODE = 12
TEXT = pa.string()
MOST_AT_ONCE = 3
"""Values of a multi-select picklist in one record."""


@dataclass(frozen=True)
class Free:
    """Values that look at no other column."""

    @property
    def needs(self) -> Sequence[str]:
        return ()


@dataclass(frozen=True)
class ShortText(Free):
    """Texts of a type, cut to a length."""

    typed: TypedValues
    length: int
    type: pa.DataType = TEXT

    def make(self, column: str, part: Slice) -> pa.Array:
        """A text for every row, never empty."""
        texts = plain_text(self.typed.make(column, part))
        if not self.length:
            return texts
        cut = pc.utf8_rtrim_whitespace(pc.utf8_slice_codeunits(texts, 0, self.length))
        return pc.if_else(pc.equal(cut, ""), "x", cut)


@dataclass(frozen=True)
class Mailboxes(Free):
    """E-mail addresses with the row number, which stays whole when they are cut."""

    typed: TypedValues
    length: int
    type: pa.DataType = TEXT

    def make(self, column: str, part: Slice) -> pa.Array:
        """An address for every row, a different one in each."""
        made = self.typed.make(column, part)
        if not self.length or not pc.any(pc.greater(pc.utf8_length(made), self.length)).as_py():
            return made
        numbers = pc.cast(pa.array(part.draws.indices + np.uint64(1)), pa.string())
        ending = pc.binary_join_element_wise(numbers, "example.com", "@")
        room = self.length - pc.max(pc.utf8_length(ending)).as_py()
        if room < 0:
            raise Rejected(f"{column}: {self.length} characters are too few for an e-mail address")
        return pc.binary_join_element_wise("abcdefghij"[:room], ending, "")


@dataclass(frozen=True)
class UniqueTexts(Free):
    """Codes that no two rows share, whatever their case."""

    prefix: str
    length: int
    type: pa.DataType = TEXT

    def make(self, column: str, part: Slice) -> pa.Array:
        """A code for every row. Raises `Rejected` where there are fewer codes than rows."""
        width = min(self.length - len(self.prefix), _WIDEST_CODE)
        numbers = _unique(column, part, len(_CODE) ** width)
        return pc.binary_join_element_wise(self.prefix, fixed_width(symbols(numbers, width, _CODE)), "")


@dataclass(frozen=True)
class Numbers(Free):
    """Numbers of a type, kept inside of what a field can hold."""

    typed: TypedValues
    low: float
    high: float
    scale: int

    @property
    def type(self) -> pa.DataType:
        return pa.float64() if self.scale else pa.int64()

    def make(self, column: str, part: Slice) -> pa.Array:
        """A number for every row."""
        drawn = pc.cast(self.typed.make(column, part), pa.float64()).to_numpy(zero_copy_only=False)
        scale = 10**self.scale
        inside = np.clip(np.rint(drawn * scale), np.ceil(self.low * scale), np.floor(self.high * scale))
        return pa.array(inside / scale if self.scale else inside.astype(np.int64))


@dataclass(frozen=True)
class UniqueNumbers(Free):
    """Whole numbers that no two rows share."""

    most: int
    scale: int

    @property
    def type(self) -> pa.DataType:
        return pa.float64() if self.scale else pa.int64()

    def make(self, column: str, part: Slice) -> pa.Array:
        """A number from 1 to `most` for every row. Raises `Rejected` where there are fewer numbers than rows."""
        numbers = _unique(column, part, self.most).astype(np.int64) + 1
        return pa.array(numbers.astype(np.float64) if self.scale else numbers)


@dataclass(frozen=True)
class Picked(Free):
    """One of the values of a picklist; `several`: up to three, joined by `;`."""

    values: tuple[str, ...]
    several: bool = False
    type: pa.DataType = TEXT

    def make(self, column: str, part: Slice) -> pa.Array:
        """A value for every row."""
        return _picked(column, part, self.values, self.several)


@dataclass(frozen=True)
class Dependent:
    """A picklist whose values hang on another field's value."""

    controller: str
    valid: Mapping[str, tuple[str, ...]]
    """Controlling value (as text) → what may stand beside it."""
    several: bool = False
    type: pa.DataType = TEXT

    @property
    def needs(self) -> Sequence[str]:
        return (self.controller,)

    def make(self, column: str, part: Slice) -> pa.Array:
        """A value that goes with the controlling one; none where none goes with it."""
        controlling = pc.fill_null(plain_text(part.made[self.controller]), "")
        made = pa.nulls(part.count, pa.string())
        for value, choices in self.valid.items():
            if choices:
                made = pc.if_else(pc.equal(controlling, value), _picked(column, part, choices, self.several), made)
        return made


@dataclass(frozen=True)
class References(Free):
    """Record ids: of given ones, or made up under key prefixes."""

    prefixes: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    unique: bool = False
    type: pa.DataType = TEXT

    def make(self, column: str, part: Slice) -> pa.Array:
        """An id for every row. Raises `Rejected` where each may come once and there are fewer than rows."""
        if self.known:
            places = (
                _unique(column, part, len(self.known)) if self.unique else part.draws.below(column, len(self.known))
            )
            return pa.array(self.known, pa.string()).take(pa.array(places.astype(np.int64)))
        numbers = part.draws.unique(column, SPACE) if self.unique else part.draws.below(column, SPACE)
        made = [ids_of(prefix, numbers) for prefix in self.prefixes]
        if len(made) == 1:
            return made[0]
        return pc.choose(pa.array(part.draws.below(f"{column}/of", len(made)).astype(np.int64)), *made)


@dataclass(frozen=True)
class TimesOfDay(Free):
    """`HH:MM:SS.000Z`, as the REST API takes a time."""

    type: pa.DataType = TEXT

    def make(self, column: str, part: Slice) -> pa.Array:
        """A time for every row."""
        minutes = part.draws.below(column, 24 * 60)
        hour = fixed_width(symbols(minutes // np.uint64(60), 2))
        return pc.binary_join_element_wise(hour, fixed_width(symbols(minutes % np.uint64(60), 2)), "00.000Z", ":")


@dataclass(frozen=True)
class Texted(Free):
    """Other values as texts: HubSpot's properties all are (contract 3.9)."""

    inner: Numbers | UniqueNumbers | TypedValues
    type: pa.DataType = TEXT

    def make(self, column: str, part: Slice) -> pa.Array:
        """A text for every row."""
        return plain_text(self.inner.make(column, part))


def _picked(column: str, part: Slice, values: tuple[str, ...], several: bool) -> pa.Array:
    words = pa.array(values, pa.string())
    first = part.draws.below(f"{column}/pick", len(values)).astype(np.int64)
    made = words.take(pa.array(first))
    if not several or len(values) == 1:
        return made
    counts = 1 + part.draws.below(f"{column}/count", min(MOST_AT_ONCE, len(values)))
    for more in range(1, min(MOST_AT_ONCE, len(values))):
        with_next = pc.binary_join_element_wise(made, words.take(pa.array((first + more) % len(values))), ";")
        made = pc.if_else(pa.array(counts > more), with_next, made)
    return made


def _unique(column: str, part: Slice, space: int) -> NDArray[np.uint64]:
    if part.draws.first + part.count > space:
        raise Rejected(
            f"{column}: the field takes only {space:,} different values, fewer than rows", category="validation"
        )
    return part.draws.unique(f"{column}/unique", min(space, 1 << 62))
