"""The root hash of a table of rows: what generator, gateway and `recordsmith verify` must compute alike.

Row texts are hashed in blocks of 2,048 rows that begin at multiples of 2,048, the block hashes are folded pairwise
(RFC 6962's prefixes keep leaves and nodes apart), and the root also covers the column names, the first row's number
and the number of rows. Whoever made a block can hash it; nobody needs the others' rows for that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

BLOCK = 2_048
"""Rows per leaf."""


def leaf(text: bytes | memoryview) -> bytes:
    """The hash of a block's text."""
    hashed = sha256(b"\0")
    hashed.update(text)
    return hashed.digest()


def blocks(first: int, count: int, size: int = BLOCK) -> Iterator[tuple[int, int]]:
    """A row range cut at the multiples of `size`."""
    end = first + count
    while first < end:
        taken = min(end - first, size - first % size)
        yield first, taken
        first += taken


def root(columns: Sequence[str], first: int, hashes: Iterable[bytes], count: int) -> str:
    """The root hash of a table, 64 hex digits."""
    level = list(hashes)
    while len(level) > 1:
        pairs = [sha256(b"\1" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    frame = json.dumps([list(columns), first, count], ensure_ascii=False, separators=(",", ":")).encode()
    return sha256(b"\2" + frame + b"".join(level)).hexdigest()
