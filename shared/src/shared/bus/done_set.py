"""Which offsets above the committed one are finished, written small enough to travel in the commit's metadata.

Without it, everything finished above one slow record is repeated after every rebalance or crash.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Sequence

METADATA_LIMIT = 4_096
"""Kafka's default `offset.metadata.max.bytes`."""

Run = tuple[int, int]
"""Finished offsets from the first number up to, not including, the second."""

_PREFIX = "rs1:"
_MAX_UNPACKED = 1 << 20
"""A foreign or damaged metadata string must not unpack into all the memory there is."""


def encode(position: int, runs: Sequence[Run], limit: int = METADATA_LIMIT) -> str:
    """Metadata for a commit at `position`. When not all runs fit, the first ones that do: the rest is done again."""
    if not runs:
        return ""
    written = _written(position, runs)
    if len(written) <= limit:
        return written
    fitting, too_many = 0, len(runs)
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        if len(_written(position, runs[:middle])) <= limit:
            fitting = middle
        else:
            too_many = middle
    return _written(position, runs[:fitting]) if fitting else ""


def decode(position: int, metadata: str | None) -> list[Run]:
    """The runs written by `encode` at this position; nothing when the metadata is not ours or not of this position."""
    if not metadata or not metadata.startswith(_PREFIX):
        return []
    try:
        numbers = _unpacked(base64.b85decode(metadata[len(_PREFIX) :]))
    except (ValueError, zlib.error, binascii.Error):
        return []
    if not numbers or numbers[0] != position or len(numbers) % 2 == 0:
        # Someone moved the group's offset and kept the metadata: its gaps mean nothing there.
        return []
    runs: list[Run] = []
    at = position
    for gap, length in zip(numbers[1::2], numbers[2::2], strict=True):
        if not gap or not length:
            return []
        runs.append((at + gap, at + gap + length))
        at += gap + length
    return runs


def _written(position: int, runs: Sequence[Run]) -> str:
    packed = bytearray()
    _append_varint(packed, position)
    at = position
    for first, end in runs:
        _append_varint(packed, first - at)
        _append_varint(packed, end - first)
        at = end
    return _PREFIX + base64.b85encode(zlib.compress(bytes(packed), 6)).decode("ascii")


def _append_varint(packed: bytearray, number: int) -> None:
    while number > 127:
        packed.append(number & 127 | 128)
        number >>= 7
    packed.append(number)


def _unpacked(compressed: bytes) -> list[int]:
    numbers: list[int] = []
    number = shift = 0
    for byte in zlib.decompressobj().decompress(compressed, _MAX_UNPACKED):
        number |= (byte & 127) << shift
        if byte & 128:
            shift += 7
        else:
            numbers.append(number)
            number = shift = 0
    if shift:
        raise ValueError("the last number is cut off")
    return numbers
