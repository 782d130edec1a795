"""Product inventory with SKUs and stock levels (S3-23)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from string import ascii_uppercase
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.recipes.inventory.words import CATEGORIES, KEYWORDS, VARIANTS, WAREHOUSES
from generator_svc.rows import texts
from generator_svc.rows.draws import Bits, Draws, scaled, scaled_low
from generator_svc.rows.recipe import Rule, keyword_score

MOST_STOCK = 500
_BAYS = 40

_NAMES = pa.array([category.name for category in CATEGORIES])
_CODES = np.array([list(f"{category.code}-".encode()) for category in CATEGORIES], dtype=np.uint8)
_PER_CATEGORY = len(CATEGORIES[0].nouns)
_PER_NOUN = len(CATEGORIES[0].adjectives) * len(VARIANTS)
_PRODUCTS = pa.array(
    [
        f"{adjective} {noun} {variant}"
        for category in CATEGORIES
        for noun, _, _ in category.nouns
        for adjective in category.adjectives
        for variant in VARIANTS
    ]
)
_LOW = np.array([low for category in CATEGORIES for _, low, _ in category.nouns], dtype=np.uint64)
_HIGH = np.array([high for category in CATEGORIES for _, _, high in category.nouns], dtype=np.uint64)
_ENDINGS = np.array([99, 49, 0, 95, 90, 25, 79, 50], dtype=np.uint64)
_LOCATIONS = pa.array(
    [
        f"{warehouse} {aisle}-{bay:02}"
        for warehouse in WAREHOUSES
        for aisle in ascii_uppercase
        for bay in range(1, _BAYS + 1)
    ]
)
_SKUS = 1 << 30
"""As many as six symbols of 32 can tell apart."""


class Inventory:
    """A product a row; names and prices fit the category, ids are unique by construction below 2^30 rows."""

    name: ClassVar[str] = "inventory"
    version: ClassVar[int] = 2
    as_of: ClassVar[date] = date(2025, 10, 1)
    schema: ClassVar[pa.Schema] = pa.schema(
        [
            ("product_id", pa.string()),
            ("sku", pa.string()),
            ("product_name", pa.string()),
            ("category", pa.string()),
            ("stock_level", pa.int32()),
            ("price", pa.decimal128(12, 2)),
            ("warehouse_location", pa.string()),
        ]
    )
    rules: ClassVar[Sequence[Rule]] = (
        Rule("price is above 0", lambda rows: pc.greater(rows["price"], 0)),
        Rule(f"stock_level is 0 to {MOST_STOCK}", lambda rows: pc.less_equal(rows["stock_level"], MOST_STOCK)),
    )

    def batch(self, seed: int, first: int, count: int, as_of: date) -> pa.RecordBatch:
        """Rows `first` … `first + count - 1`."""
        draws = Draws(self.name, self.version, seed, first, count)
        drawn = draws.bits("product")
        category = scaled(drawn, len(CATEGORIES))
        noun = category * np.uint64(_PER_CATEGORY) + scaled_low(drawn, _PER_CATEGORY)
        columns = [
            texts.numbered("P", draws.indices + np.uint64(1), 10),
            _skus(draws, category),
            _product_names(draws, noun),
            texts.take(_NAMES, category),
            pa.array(draws.below("stock", MOST_STOCK + 1).astype(np.int32)),
            _prices(draws, noun),
            texts.take(_LOCATIONS, draws.below("warehouse", len(_LOCATIONS))),
        ]
        return pa.record_batch(columns, schema=self.schema)

    def fits(self, description: str) -> float:
        """By its keywords."""
        return keyword_score(description, KEYWORDS)


def _skus(draws: Draws, category: Bits) -> pa.Array:
    serial = texts.symbols(draws.unique("sku", _SKUS), 6, texts.CROCKFORD)
    return texts.fixed_width(np.hstack([_CODES[category.astype(np.intp)], serial]))


def _product_names(draws: Draws, noun: Bits) -> pa.Array:
    """Adjectives are those of the noun's category."""
    return texts.take(_PRODUCTS, noun * np.uint64(_PER_NOUN) + draws.below("name", _PER_NOUN))


def _prices(draws: Draws, noun: Bits) -> pa.Array:
    drawn = draws.bits("price")
    low, high = _LOW[noun.astype(np.intp)], _HIGH[noun.astype(np.intp)]
    dollars = low + scaled(drawn, high - low)
    return texts.money(dollars * np.uint64(100) + _ENDINGS[scaled_low(drawn, len(_ENDINGS)).astype(np.intp)])
