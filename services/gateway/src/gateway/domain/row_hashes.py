"""The hashes of blocks of rows, out of their CSV text."""

from __future__ import annotations

from collections.abc import Iterator

from shared.row_blocks import BLOCK, leaf


def block_hashes(text: str) -> list[bytes]:
    """One hash per 2,048 records of the text, which begins at such a block."""
    hashes, block, count = [], bytearray(), 0
    for record in raw_records(text):
        block += record
        count += 1
        if count == BLOCK:
            hashes.append(leaf(bytes(block)))
            block, count = bytearray(), 0
    return [*hashes, leaf(bytes(block))] if count else hashes


def raw_records(text: str) -> Iterator[bytes]:
    """CSV records with their line ends, exactly as they stand; a quoted cell may hold line ends."""
    record = b""
    for line in text.encode().splitlines(keepends=True):
        record += line
        if record.count(b'"') % 2 == 0:
            yield record
            record = b""
    if record:
        yield record
