"""Vectors of the policy passages in one file beside the database; built from the passages alone, so it can be lost."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, select
from usearch.index import Index

from prior_auth.embedding import DIMENSIONS, Floats, embed, embed_query
from prior_auth.policy_text import parts
from prior_auth.tables import PASSAGES

_PARTS = 1_000
"""Parts per passage; the key of a part is passage × 1000 + its place."""
_ROUNDING = 1e-5
_NEAR = 8
"""Parts looked at per passage that is wanted: several may belong to one."""


class NoIndex(Exception):
    """The index is missing or does not belong to the passages; says how to build it."""


@dataclass(frozen=True)
class Passage:
    """A section of a policy, and how near it is to what was asked: 1 the same, 0 nothing to do with it."""

    policy: str
    heading: str
    text: str
    score: float


def build(engine: Engine, path: Path) -> int:
    """Embed all passages and write the index in place of the one that was there; the number of passages."""
    with engine.connect() as connection:
        rows = connection.execute(select(PASSAGES).order_by(PASSAGES.c.id)).all()
    index = Index(ndim=DIMENSIONS, metric="cos", dtype="f32")
    entries = [(row.id * _PARTS + place, f"{row.drug} {row.heading}: {part}")
               for row in rows for place, part in enumerate(parts(row.text)[:_PARTS])]  # fmt: skip
    if entries:
        index.add(
            np.array([key for key, _ in entries], dtype=np.uint64), embed([text for _, text in entries]), threads=1
        )
    temporary = path.with_suffix(".part")
    index.save(str(temporary))
    os.replace(temporary, path)
    return len(rows)


class PolicyIndex:
    """Finds the passages that a question is about: those with the part that is nearest to it."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        index = Index.restore(str(path)) if path.exists() else None
        if index is None:
            raise NoIndex(f"there is no policy index {path}; build it: prior-auth index")
        self._index: Index = index
        self._keys = np.sort(np.asarray(index.keys, dtype=np.uint64))
        self._vectors: Floats = np.asarray(index.get(self._keys), dtype=np.float32).reshape(-1, DIMENSIONS)
        with engine.connect() as connection:
            ids = set(connection.scalars(select(PASSAGES.c.id)))
        if ids != set((self._keys // _PARTS).tolist()):
            raise NoIndex(f"the policy index {path} belongs to other policies; build it again: prior-auth index")

    def find(self, question: str, count: int) -> list[Passage]:
        """The nearest passages of all policies, the nearest first."""
        if not len(self._keys):
            return []
        matches = self._index.search(embed_query(question), min(count * _NEAR, len(self._keys)))
        scores = 1 - np.asarray(matches.distances, dtype=np.float32)
        return self._passages(np.asarray(matches.keys, dtype=np.uint64), scores, count)

    def find_in(self, payer: str, drug: str, questions: Sequence[str], count: int) -> list[Passage]:
        """The nearest passages of one policy to the middle of some questions, compared one by one: they are few."""
        with self._engine.connect() as connection:
            asked = select(PASSAGES.c.id).where(PASSAGES.c.payer == payer, PASSAGES.c.drug == drug)
            ids = np.array(connection.scalars(asked).all(), dtype=np.uint64)
        own = np.isin(self._keys // _PARTS, ids)
        if not own.any():
            return []
        middle = np.mean([embed_query(question) for question in questions], axis=0)
        return self._passages(self._keys[own], self._vectors[own] @ (middle / np.linalg.norm(middle)), count)

    def recall(self, questions: Sequence[str], count: int) -> float:
        """Share of the nearest parts that the index finds: its graph is an approximation. Equally near ones count."""
        vectors = embed(questions)
        scores = vectors @ self._vectors.T
        least = -np.partition(-scores, count - 1, axis=1)[:, count - 1] - _ROUNDING
        found = np.searchsorted(self._keys, np.asarray(self._index.search(vectors, count).keys, dtype=np.uint64))
        return float((np.take_along_axis(scores, found, axis=1) >= least[:, None]).mean())

    def _passages(self, keys: NDArray[np.uint64], scores: Floats, count: int) -> list[Passage]:
        near: dict[int, float] = {}
        # Policies share sentences: of equally near parts the one with the lower key comes first.
        for place in np.lexsort((keys, -np.round(scores, 5))):
            near.setdefault(int(keys[place]) // _PARTS, float(scores[place]))
            if len(near) == count:
                break
        with self._engine.connect() as connection:
            rows = {row.id: row for row in connection.execute(select(PASSAGES).where(PASSAGES.c.id.in_(near)))}
        return [Passage(rows[key].policy, rows[key].heading, rows[key].text, round(score, 4))
                for key, score in near.items()]  # fmt: skip
