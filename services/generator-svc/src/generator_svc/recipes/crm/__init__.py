"""CRM records that belong together (S2): contacts with their companies, deals that fit them, what was said about them.

`crm` is the whole data set, `crm-contacts` … `crm-tickets` one table of it. Options stand behind a colon:
`crm:scenario=B2C,curve=SURGE`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa
from shared.errors import Rejected

from generator_svc.recipes.crm.deals import Deals
from generator_svc.recipes.crm.pairs import NAME, VERSION, Pairs, Scene
from generator_svc.recipes.crm.schedule import CURVES
from generator_svc.recipes.crm.tables import TABLES, Numbers
from generator_svc.recipes.crm.words import INDUSTRIES
from generator_svc.rows.recipe import Rule, Table, keyword_score

AS_OF = date(2025, 10, 1)
KEYWORDS = {"crm": 3, "hubspot": 3, "deal": 1, "pipeline": 1, "lead": 1, "contact": 1}
_OPTIONS = {"scenario": tuple(INDUSTRIES), "curve": tuple(CURVES)}


@dataclass(frozen=True)
class CrmTable:
    """One table of the CRM data set."""

    table: str
    scene: Scene = field(default_factory=Scene)

    @property
    def name(self) -> str:
        return f"{NAME}-{self.table}"

    @property
    def version(self) -> int:
        return VERSION

    @property
    def as_of(self) -> date:
        return AS_OF

    @property
    def rules(self) -> Sequence[Rule]:
        return ()

    @cached_property
    def schema(self) -> pa.Schema:
        return self.batch(0, 0, 1, AS_OF).schema

    def batch(self, seed: int, first: int, count: int, as_of: date) -> pa.RecordBatch:
        """Rows `first` … `first + count - 1`; they belong to the pairs `first × pairs ÷ rows` on."""
        make, rows, pairs = TABLES[self.table]
        numbers = np.arange(first, first + max(count, 1), dtype=np.int64)
        parents = numbers * pairs // rows
        begin, end = int(parents[0]), int(parents[-1]) + 1
        made = Pairs(seed, begin, end - begin, as_of, self.scene)
        if rows == 1 and pairs == 1:
            return _batch(make(Deals(made), np.zeros(end - begin, dtype=np.int64), as_of), slice(0, count))
        return self._children(made, parents - begin, numbers % rows, as_of).slice(0, count)

    def _children(self, pairs: Pairs, parents: Numbers, child: Numbers, as_of: date) -> pa.RecordBatch:
        make, rows, _ = TABLES[self.table]
        deals = Deals(pairs)
        made = [
            _batch(make(deals, np.full(pairs.count, number, dtype=np.int64), as_of), slice(None))
            for number in range(rows)
        ]
        places = child * pairs.count + parents
        return pa.Table.from_batches(made).combine_chunks().to_batches()[0].take(pa.array(places))

    def fits(self, description: str) -> float:
        """By its keywords, and its table's name."""
        return keyword_score(description, {**KEYWORDS, self.table[:-1]: 2})

    def with_options(self, options: Mapping[str, str]) -> CrmTable:
        """The same table of another scene. Raises `Rejected`."""
        return CrmTable(self.table, scene_of(options))


@dataclass(frozen=True)
class Crm(CrmTable):
    """All tables; the rows asked for are contacts."""

    table: str = "contacts"

    @property
    def name(self) -> str:
        return NAME

    @property
    def tables(self) -> Mapping[str, Table]:
        return {
            name: Table(CrmTable(name, self.scene), _Share(rows, pairs)) for name, (_, rows, pairs) in TABLES.items()
        }

    def with_options(self, options: Mapping[str, str]) -> Crm:
        """The data set of another scene. Raises `Rejected`."""
        return Crm(scene=scene_of(options))


@dataclass(frozen=True)
class _Share:
    """How many rows of a table belong to the contacts that were asked for."""

    rows: int
    pairs: int

    def __call__(self, seed: int, asked: int) -> int:
        return -(-asked * self.rows // self.pairs)


def scene_of(options: Mapping[str, str]) -> Scene:
    """Scenario and curve, whatever their case. Raises `Rejected` naming those there are."""
    chosen = {name: value.upper() for name, value in options.items()}
    for name, value in chosen.items():
        if name not in _OPTIONS:
            raise Rejected(f"the crm recipe has no option {name}; it has {', '.join(_OPTIONS)}", category="validation")
        if value not in _OPTIONS[name]:
            raise Rejected(f"{name} is one of {', '.join(_OPTIONS[name])}", category="validation")
    return Scene(**chosen)


def _batch(made: Mapping[str, pa.Array], part: slice) -> pa.RecordBatch:
    return pa.record_batch(dict(made))[part]
