"""Product inventory with SKUs and stock levels (S3-23)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa

from generator_svc.domain import sampling
from generator_svc.domain.recipe import keyword_score, range_of
from generator_svc.recipes.inventory.words import CATEGORIES, KEYWORDS, VARIANTS, WAREHOUSES

MOST_STOCK = 500
_BAYS = 40

_NAMES = pa.array([category.name for category in CATEGORIES])
_CODES = np.array([list(f"{category.code}-".encode()) for category in CATEGORIES], dtype=np.uint8)
_PER_CATEGORY = len(CATEGORIES[0].nouns)
_NOUNS = pa.array([noun for category in CATEGORIES for noun, _, _ in category.nouns])
_ADJECTIVES = pa.array([adjective for category in CATEGORIES for adjective in category.adjectives])
_LOW = np.array([low for category in CATEGORIES for _, low, _ in category.nouns], dtype=np.uint64)
_HIGH = np.array([high for category in CATEGORIES for _, _, high in category.nouns], dtype=np.uint64)
_ENDINGS = np.array([99, 49, 0, 95, 90, 25, 79, 50], dtype=np.uint64)
_VARIANTS, _WAREHOUSES = pa.array(VARIANTS), pa.array(WAREHOUSES)


class Inventory:
    """A product a row; names and prices fit the category, ids are unique by construction below 2^30 rows."""

    name: ClassVar[str] = "inventory"
    version: ClassVar[int] = 1
    columns: ClassVar[tuple[str, ...]] = (
        "product_id",
        "sku",
        "product_name",
        "category",
        "stock_level",
        "price",
        "warehouse_location",
    )

    def rows(self, seed: int, first: int, count: int) -> pa.RecordBatch:
        """Rows `first` … `first + count - 1`."""
        rows = range_of(self, seed, first, count)
        drawn = rows.draws("product")
        category = sampling.below(drawn, len(CATEGORIES))
        noun = category * np.uint64(_PER_CATEGORY) + sampling.below_too(drawn, _PER_CATEGORY)
        return pa.record_batch(
            [
                sampling.numbered("P", rows.indices + np.uint64(1), 10),
                _skus(rows, category),
                _product_names(rows, category, noun),
                sampling.take(_NAMES, category),
                pa.array(sampling.below(rows.draws("stock"), MOST_STOCK + 1).astype(np.int32)),
                _prices(rows, noun),
                _locations(rows),
            ],
            names=list(self.columns),
        )

    def fits(self, description: str) -> float:
        """By its keywords."""
        return keyword_score(description, KEYWORDS)


def _skus(rows: sampling.Rows, category: sampling.Draws) -> pa.Array:
    serial = sampling.symbols(sampling.shuffled_30_bits(rows, "sku"), 6, sampling.CROCKFORD)
    return sampling.fixed_width(np.hstack([_CODES[category.astype(np.intp)], serial]))


def _product_names(rows: sampling.Rows, category: sampling.Draws, noun: sampling.Draws) -> pa.Array:
    drawn = rows.draws("name")
    adjective = category * np.uint64(_PER_CATEGORY) + sampling.below(drawn, _PER_CATEGORY)
    variant = sampling.take(_VARIANTS, sampling.below_too(drawn, len(VARIANTS)))
    return sampling.joined([sampling.take(_ADJECTIVES, adjective), sampling.take(_NOUNS, noun), variant])


def _prices(rows: sampling.Rows, noun: sampling.Draws) -> pa.Array:
    drawn = rows.draws("price")
    low, high = _LOW[noun.astype(np.intp)], _HIGH[noun.astype(np.intp)]
    dollars = low + sampling.below(drawn, high - low)
    return sampling.money(dollars * np.uint64(100) + _ENDINGS[sampling.below_too(drawn, len(_ENDINGS)).astype(np.intp)])


def _locations(rows: sampling.Rows) -> pa.Array:
    drawn = rows.draws("warehouse")
    aisle = sampling.below_too(drawn, 26 * _BAYS)
    bay = np.empty((rows.count, 4), dtype=np.uint8)
    bay[:, 0] = np.uint8(ord("A")) + (aisle // np.uint64(_BAYS)).astype(np.uint8)
    bay[:, 1] = ord("-")
    bay[:, 2:] = sampling.symbols(aisle % np.uint64(_BAYS) + np.uint64(1), 2)
    site = sampling.take(_WAREHOUSES, sampling.below(drawn, len(WAREHOUSES)))
    return sampling.joined([site, sampling.fixed_width(bay)])
