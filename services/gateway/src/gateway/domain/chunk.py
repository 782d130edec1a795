"""One ledger row: the verdicts on up to 8,192 records of a batch as bits, so that a repetition changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

from shared.events import CHUNK
from shared.events.records import TerminalState

STATES: tuple[TerminalState, ...] = get_args(TerminalState)
"""Terminal states, in the order of the counts."""

SIZE = CHUNK // 8
_MASKS = tuple(1 << bit for bit in range(8))
_ONES = re.compile("1+")


def bits_of(bitmap: bytes | bytearray) -> int:
    """A bitmap as a number: bit n is record n of the chunk."""
    return int.from_bytes(bitmap, "little")


def range_bits(first: int, count: int) -> int:
    """Bits of `count` records from `first` on."""
    return ((1 << count) - 1) << first


def runs(bits: int) -> Iterator[tuple[int, int]]:
    """The set bits as ascending (first, count)."""
    for match in _ONES.finditer(f"{bits:b}"[::-1]):
        yield match.start(), match.end() - match.start()


def offsets(bits: int) -> Iterator[int]:
    """The positions of the set bits, ascending."""
    for first, count in runs(bits):
        yield from range(first, first + count)


def size_of(chunk: int, requested: int | None) -> int:
    """How many records of a batch lie in this chunk; all of them while the size of the batch is not known."""
    return CHUNK if requested is None else max(0, min(CHUNK, requested - chunk * CHUNK))


class Chunk:
    """Settles records: the first verdict per record and epoch counts, a verdict of an earlier epoch does not.

    `retried` holds, by epoch, which records were opened again under it. The bitmaps are 1 KB each; settling one record
    touches single bytes, so that it costs the same at any fill level.
    """

    __slots__ = ("_epochs", "_settled", "_states", "fallback", "retried")

    def __init__(
        self,
        states: Mapping[str, bytes] | None = None,
        fallback: bytes | None = None,
        retried: Mapping[int, bytes] | None = None,
    ) -> None:
        given = states or {}
        self._states: dict[str, bytearray] = {state: _bitmap(given.get(state)) for state in STATES}
        self.fallback = _bitmap(fallback)
        self.retried = {epoch: _bitmap(bitmap) for epoch, bitmap in (retried or {}).items()}
        self._refresh()

    def settle(self, offset: int, epoch: int, state: TerminalState, *, fallback: bool = False) -> bool:
        """Take the verdict on one record; False if it changes nothing."""
        byte, mask = offset >> 3, _MASKS[offset & 7]
        if self._settled[byte] & mask:
            return False
        for opened in self._epochs:
            if opened > epoch and self.retried[opened][byte] & mask:
                return False
        self._settled[byte] |= mask
        self._states[state][byte] |= mask
        if fallback:
            self.fallback[byte] |= mask
        return True

    def settle_range(self, first: int, count: int, epoch: int, state: TerminalState, *, fallback: bool = False) -> int:
        """Take one verdict on a run of records; the bits of those that it settled."""
        later = 0
        for opened in self._epochs:
            if opened > epoch:
                later |= bits_of(self.retried[opened])
        accepted = range_bits(first, count) & ~self.settled() & ~later
        if accepted:
            self._set(self._settled, self.settled() | accepted)
            self._set(self._states[state], self.bits(state) | accepted)
            if fallback:
                self._set(self.fallback, bits_of(self.fallback) | accepted)
        return accepted

    def reopen(self, bits: int, epoch: int, state: TerminalState = "failed") -> int:
        """Make those of these records pending again, under a new epoch, that are in `state`; their bits."""
        cleared = bits & self.bits(state)
        if cleared:
            self._set(self._states[state], self.bits(state) & ~cleared)
            self._set(self.fallback, bits_of(self.fallback) & ~cleared)
            before = bits_of(self.retried.get(epoch, b""))
            self.retried[epoch] = bytearray((before | cleared).to_bytes(SIZE, "little"))
            self._refresh()
        return cleared

    def trim(self, size: int) -> None:
        """Forget verdicts on records that the batch does not have: from `size` on."""
        keep = range_bits(0, size)
        for bitmap in (*self._states.values(), self.fallback, *self.retried.values()):
            self._set(bitmap, bits_of(bitmap) & keep)
        self._refresh()

    def bits(self, state: str) -> int:
        """The records in one terminal state."""
        return bits_of(self._states[state])

    def bitmap(self, state: str) -> bytes:
        """The same as 1 KB to store."""
        return bytes(self._states[state])

    def settled(self) -> int:
        """The records that have a verdict."""
        return bits_of(self._settled)

    def pending(self, size: int) -> int:
        """The records that have none, of the first `size`."""
        return range_bits(0, size) & ~self.settled()

    def state_of(self, offset: int) -> str:
        """State of one record: `pending` or terminal."""
        byte, mask = offset >> 3, _MASKS[offset & 7]
        return next((state for state, bitmap in self._states.items() if bitmap[byte] & mask), "pending")

    def epoch_of(self, offset: int) -> int:
        """How often one record was opened again, as the number of the last retry that did."""
        byte, mask = offset >> 3, _MASKS[offset & 7]
        return max((epoch for epoch, bitmap in self.retried.items() if bitmap[byte] & mask), default=0)

    def counts(self) -> dict[str, int]:
        """Records by terminal state, and `fallback` among them."""
        counted: dict[str, int] = {state: self.bits(state).bit_count() for state in STATES}
        return counted | {"fallback": bits_of(self.fallback).bit_count()}

    def _refresh(self) -> None:
        self._settled = bytearray(_union(self._states.values()).to_bytes(SIZE, "little"))
        self._epochs = tuple(self.retried)

    @staticmethod
    def _set(bitmap: bytearray, bits: int) -> None:
        bitmap[:] = bits.to_bytes(SIZE, "little")


def _bitmap(stored: bytes | bytearray | None) -> bytearray:
    return bytearray(stored) if stored else bytearray(SIZE)


def _union(bitmaps: Iterable[bytearray]) -> int:
    bits = 0
    for bitmap in bitmaps:
        bits |= bits_of(bitmap)
    return bits
