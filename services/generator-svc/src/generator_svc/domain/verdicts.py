"""An answer, or the lack of one, becomes the event that says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import pyarrow as pa
from pydantic import TypeAdapter
from shared.errors import RecordsmithError
from shared.events import CHUNK, PromptPrepared, RangeSettled, RecordGenerated, RecordSettled, SlicePrepared, Usage
from shared.events.records import RowsOrigin, TerminalState
from shared.row_blocks import BLOCK, blocks, leaf

from generator_svc.domain.tally import Answer, NoAnswer, Tally
from generator_svc.domain.work import Work
from generator_svc.rows.content import is_nested
from generator_svc.rows.csv_text import csv_parts
from generator_svc.rows.recipe import RowRecipe

_NO_USAGE = Usage()
_GENERATED = TypeAdapter(list[RecordGenerated])

ROWS_PER_EVENT = 4_096
"""About 400 KB of CSV; a divisor of the ledger's chunk and a multiple of the root hash's blocks."""
MOST_BYTES = 700_000
"""Of rows in one message: wide tables go in smaller pieces, for brokers take a megabyte."""


def generated(answered: Iterable[tuple[PromptPrepared, Answer]], work: Work) -> list[RecordGenerated]:
    """Records have their answers; the writer decides what becomes of them, also in test mode and without a target.

    Many are made in one go, which takes a third of the time.
    """
    return _GENERATED.validate_python([_generated(prompt, work, answer) for prompt, answer in answered])


def _generated(prompt: PromptPrepared, work: Work, answer: Answer) -> dict[str, Any]:
    tally = answer.tally
    return {
        **vars(prompt),
        "answer": answer.text,
        "values": answer.values,
        "source": answer.source,
        "provider": answer.provider,
        "model": answer.model,
        "usage": _usage(tally),
        "cost_usd": tally.cost_usd,
        "attempts": tally.attempts,
        "category": answer.category,
        "reason": answer.reason,
        "object": work.object_key,
        "external_id": work.external_id(prompt.values),
    }


def without_answer(prompt: PromptPrepared, state: TerminalState, none: NoAnswer) -> RecordSettled:
    """No model answered, and the batch says to fail the record, or to leave it as it is."""
    return RecordSettled(
        batch_id=prompt.batch_id,
        index=prompt.index,
        epoch=prompt.epoch,
        record_id=prompt.record_id,
        state=state,
        provider=none.provider,
        model=none.model,
        usage=_usage(none.tally),
        cost_usd=none.tally.cost_usd,
        attempts=none.tally.attempts,
        category=none.category,
        reason=none.reason,
    )


def cancelled(prompt: PromptPrepared) -> RecordSettled:
    """The batch was cancelled before the record was asked about."""
    return RecordSettled(
        batch_id=prompt.batch_id, index=prompt.index, epoch=prompt.epoch, record_id=prompt.record_id, state="cancelled"
    )


def failed(prompt: PromptPrepared, error: RecordsmithError, attempts: int) -> RecordSettled:
    """Handling the record went wrong in a way that the chain does not know."""
    return RecordSettled(
        batch_id=prompt.batch_id,
        index=prompt.index,
        epoch=prompt.epoch,
        record_id=prompt.record_id,
        state="failed",
        attempts=attempts,
        category=error.category,
        code=error.code,
        reason=str(error),
    )


def slice_failed(prepared: SlicePrepared, error: RecordsmithError) -> RangeSettled:
    """The rows of a slice could not be made."""
    return _settled(prepared, prepared.first, prepared.count, "failed", category=error.category, reason=str(error))


def ranges(
    prepared: SlicePrepared, state: TerminalState, error: RecordsmithError | None = None
) -> Iterator[RangeSettled]:
    """One verdict for all rows of a slice."""
    category, reason = (error.category, str(error)) if error else (None, None)
    for first, count in parts(prepared.first, prepared.count, CHUNK):
        yield _settled(prepared, first, count, state, category=category, reason=reason)


def rows(prepared: SlicePrepared, recipe: RowRecipe) -> Iterator[RangeSettled]:
    """The rows of a slice, in pieces that fit into a message."""
    for first, count in parts(prepared.first, prepared.count, ROWS_PER_EVENT):
        yield from _pieces(prepared, recipe, first, recipe.batch(prepared.seed, first, count, recipe.as_of))


def _pieces(prepared: SlicePrepared, recipe: RowRecipe, first: int, made: pa.RecordBatch) -> Iterator[RangeSettled]:
    texts = csv_parts(made, [count for _, count in blocks(first, made.num_rows)])
    text = b"".join(texts)
    if len(text) > MOST_BYTES and made.num_rows > 1:
        half = made.num_rows // 2
        yield from _pieces(prepared, recipe, first, made.slice(0, half))
        yield from _pieces(prepared, recipe, first + half, made.slice(half))
        return
    hashed = first % BLOCK == 0 and not is_nested(made.schema)
    origin = RowsOrigin(recipe=recipe.name, version=recipe.version, as_of=recipe.as_of)
    yield _settled(
        prepared, first, made.num_rows, "generated", source="recipe", columns=made.schema.names,
        rows_csv=text.decode(), origin=origin, leaves=[leaf(one).hex() for one in texts] if hashed else None,
    )  # fmt: skip


def parts(first: int, count: int, most: int) -> Iterator[tuple[int, int]]:
    """A row range in pieces of at most `most` that never cross a multiple of the ledger's chunk."""
    end = first + count
    while first < end:
        taken = min(end - first, most, CHUNK - first % CHUNK)
        yield first, taken
        first += taken


def _settled(prepared: SlicePrepared, first: int, count: int, state: TerminalState, **other: Any) -> RangeSettled:
    return RangeSettled(
        batch_id=prepared.batch_id, first=first, count=count, epoch=prepared.epoch, state=state, **other
    )


def _usage(tally: Tally) -> Usage:
    return _tokens(tally.input_tokens, tally.output_tokens) if tally.attempts else _NO_USAGE


@lru_cache(maxsize=1_024)
def _tokens(inward: int, outward: int) -> Usage:
    return Usage(input_tokens=inward, output_tokens=outward)
