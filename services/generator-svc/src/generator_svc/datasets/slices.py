"""Slices of a table, made by this process or by several, given back in order."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa
from shared.row_blocks import BLOCK, blocks, leaf

from generator_svc.outputs import OUTPUTS
from generator_svc.rows.column import Columns
from generator_svc.rows.content import leaves, row_texts
from generator_svc.rows.recipe import RowRecipe

ROWS_PER_SLICE = 8 * BLOCK
"""Small enough for the caches of a core, large enough that a call's overhead does not count."""
_AHEAD = 3
"""Slices per worker that are made or wait to be written: the bound on memory."""


@dataclass(frozen=True)
class Job:
    """What is made, and the form it is encoded in."""

    recipe: RowRecipe
    seed: int
    as_of: date
    output: str

    def batch(self, first: int, count: int) -> pa.RecordBatch:
        """Rows of the table."""
        return self.recipe.batch(self.seed, first, count, self.as_of)


@dataclass(frozen=True)
class Made:
    """An encoded slice with the hashes of its blocks."""

    rows: int
    piece: bytes
    hashes: list[bytes]


def make(job: Job, first: int, count: int) -> Made:
    """One slice: nothing but the job and the row numbers matters."""
    rows, output = job.batch(first, count), OUTPUTS[job.output]
    if not output.is_row_text(rows.schema):
        return Made(count, output.encode(rows), leaves(rows, first))
    texts = row_texts(rows, [taken for _, taken in blocks(first, count)])
    return Made(count, b"".join(texts), list(map(leaf, texts)))


@contextmanager
def slices(job: Job, first: int, count: int, workers: int) -> Iterator[Iterator[Made]]:
    """All slices of a row range, in order; with several workers each is a process of its own."""
    ranges = blocks(first, count, ROWS_PER_SLICE)
    if workers == 1 or count <= ROWS_PER_SLICE:
        yield (make(job, *part) for part in ranges)
        return
    # Arrow's threads do not survive a fork: workers come from a process that has none.
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    context.set_forkserver_preload([__name__])
    pool = ProcessPoolExecutor(workers, context, initializer=_receive, initargs=(_portable(job),))
    try:
        yield _in_order(pool, ranges, workers * _AHEAD)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, ranges: Iterator[tuple[int, int]], ahead: int) -> Iterator[Made]:
    waiting: deque[Future[Made]] = deque()
    for part in ranges:
        waiting.append(pool.submit(_make_received, *part))
        if len(waiting) == ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _portable(job: Job) -> Job:
    """Without the rules, which are often lambdas and which no worker needs."""
    return replace(job, recipe=replace(job.recipe, rules=())) if isinstance(job.recipe, Columns) else job


_received: list[Job] = []


def _receive(job: Job) -> None:
    _received[:] = [job]


def _make_received(first: int, count: int) -> Made:
    return make(_received[0], first, count)
