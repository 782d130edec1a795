"""E-commerce customers with their purchase history (S3-24)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.domain import sampling
from generator_svc.domain.recipe import keyword_score, range_of
from generator_svc.recipes.customers.words import CITIES, DOMAINS, FAVOURITES, FIRST_NAMES, KEYWORDS, LAST_NAMES

AS_OF = date(2025, 10, 1)
"""Nobody signed up or bought after that day; part of the recipe's version, so that output never depends on today."""

_DAYS = 5 * 365
_AS_OF_DAY = (AS_OF - date(1970, 1, 1)).days
_FIRST, _LAST = pa.array(FIRST_NAMES), pa.array(LAST_NAMES)
_FIRST_LOWER, _LAST_LOWER = pc.utf8_lower(_FIRST), pc.utf8_lower(_LAST)
_CITIES, _STATES = pa.array([city for city, _ in CITIES]), pa.array([state for _, state in CITIES])
_FAVOURITES, _DOMAINS = pa.array(FAVOURITES), pa.array(DOMAINS)


class Customers:
    """A customer a row; the last purchase is never before the sign-up, the total is orders × average order."""

    name: ClassVar[str] = "customers"
    version: ClassVar[int] = 1
    columns: ClassVar[tuple[str, ...]] = (
        "customer_id", "name", "email", "city", "state", "signup_date", "orders_count", "average_order", "total_spent",
        "favorite_category", "last_purchase_date",
    )  # fmt: skip

    def rows(self, seed: int, first: int, count: int) -> pa.RecordBatch:
        """Rows `first` … `first + count - 1`."""
        rows = range_of(self, seed, first, count)
        city = sampling.below(rows.draws("city"), len(CITIES))
        since = sampling.below(rows.draws("signup"), _DAYS)
        ago = sampling.below(rows.draws("last"), since + np.uint64(1))
        orders, average = _purchases(rows, since)
        arrays = [
            sampling.numbered("C", rows.indices + np.uint64(1), 10), *_people(rows),
            sampling.take(_CITIES, city), sampling.take(_STATES, city), _days_ago(since),
            pa.array(orders.astype(np.int32)), sampling.money(average), sampling.money(orders * average),
            sampling.take(_FAVOURITES, sampling.below(rows.draws("favorite"), len(FAVOURITES))), _days_ago(ago),
        ]  # fmt: skip
        return pa.record_batch(arrays, names=list(self.columns))

    def fits(self, description: str) -> float:
        """By its keywords."""
        return keyword_score(description, KEYWORDS)


def _people(rows: sampling.Rows) -> tuple[pa.Array, pa.Array]:
    """Name, and an e-mail that carries the row number and so is unique (S2-53)."""
    drawn = rows.draws("name")
    first, last = sampling.below(drawn, len(FIRST_NAMES)), sampling.below_too(drawn, len(LAST_NAMES))
    name = sampling.joined([sampling.take(_FIRST, first), sampling.take(_LAST, last)])
    number = pc.cast(pa.array(rows.indices + np.uint64(1)), pa.string())
    domain = sampling.take(_DOMAINS, sampling.below(rows.draws("domain"), len(DOMAINS)))
    mailbox = sampling.joined([sampling.take(_FIRST_LOWER, first), sampling.take(_LAST_LOWER, last)], ".")
    return name, sampling.joined([sampling.joined([mailbox, number], ""), domain], "@")


def _purchases(rows: sampling.Rows, since: sampling.Draws) -> tuple[sampling.Draws, sampling.Draws]:
    """Number of orders (more the longer somebody is a customer) and the average order in cents."""
    drawn = rows.draws("orders")
    orders = np.uint64(1) + sampling.below(drawn, np.uint64(3) + since // np.uint64(45))
    return orders, np.uint64(900) + sampling.below_too(drawn, 18_000)


def _days_ago(days: sampling.Draws) -> pa.Array:
    return pa.array((_AS_OF_DAY - days.astype(np.int64)).astype(np.int32)).view(pa.date32())
