"""E-commerce customers with their purchase history (S3-24)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.recipes.customers.words import CITIES, DOMAINS, FAVOURITES, FIRST_NAMES, KEYWORDS, LAST_NAMES
from generator_svc.rows import texts
from generator_svc.rows.draws import Bits, Draws, scaled, scaled_low
from generator_svc.rows.recipe import Rule, keyword_score

_DAYS = 5 * 365
_FIRST, _LAST = pa.array(FIRST_NAMES), pa.array(LAST_NAMES)
_FIRST_LOWER, _LAST_LOWER = pc.utf8_lower(_FIRST), pc.utf8_lower(_LAST)
_CITIES, _STATES = pa.array([city for city, _ in CITIES]), pa.array([state for _, state in CITIES])
_FAVOURITES, _DOMAINS = pa.array(FAVOURITES), pa.array(DOMAINS)


class Customers:
    """A customer a row; the last purchase is never before the sign-up, the total is orders × average order."""

    name: ClassVar[str] = "customers"
    version: ClassVar[int] = 2
    as_of: ClassVar[date] = date(2025, 10, 1)
    schema: ClassVar[pa.Schema] = pa.schema(
        [
            ("customer_id", pa.string()),
            ("name", pa.string()),
            ("email", pa.string()),
            ("city", pa.string()),
            ("state", pa.string()),
            ("signup_date", pa.date32()),
            ("orders_count", pa.int32()),
            ("average_order", pa.decimal128(12, 2)),
            ("total_spent", pa.decimal128(12, 2)),
            ("favorite_category", pa.string()),
            ("last_purchase_date", pa.date32()),
        ]
    )
    rules: ClassVar[Sequence[Rule]] = (
        Rule(
            "last_purchase_date is not before signup_date",
            lambda rows: pc.greater_equal(rows["last_purchase_date"], rows["signup_date"]),
        ),
        Rule(
            "total_spent is orders_count × average_order",
            lambda rows: pc.equal(rows["total_spent"], pc.multiply(rows["average_order"], rows["orders_count"])),
        ),
    )

    def batch(self, seed: int, first: int, count: int, as_of: date) -> pa.RecordBatch:
        """Rows `first` … `first + count - 1`."""
        draws = Draws(self.name, self.version, seed, first, count)
        city = draws.below("city", len(CITIES))
        since = draws.below("signup", _DAYS)
        ago = draws.below("last", since + np.uint64(1))
        orders, average = _purchases(draws, since)
        today = texts.day_number(as_of)
        columns = [
            texts.numbered("C", draws.indices + np.uint64(1), 10),
            *_people(draws),
            texts.take(_CITIES, city),
            texts.take(_STATES, city),
            texts.days(today - since.astype(np.int64)),
            pa.array(orders.astype(np.int32)),
            texts.money(average),
            texts.money(orders * average),
            texts.take(_FAVOURITES, draws.below("favorite", len(FAVOURITES))),
            texts.days(today - ago.astype(np.int64)),
        ]
        return pa.record_batch(columns, schema=self.schema)

    def fits(self, description: str) -> float:
        """By its keywords."""
        return keyword_score(description, KEYWORDS)


def _people(draws: Draws) -> tuple[pa.Array, pa.Array]:
    """Name, and an e-mail that carries the row number and so is unique (S2-53)."""
    drawn = draws.bits("name")
    first, last = scaled(drawn, len(FIRST_NAMES)), scaled_low(drawn, len(LAST_NAMES))
    name = texts.joined([texts.take(_FIRST, first), texts.take(_LAST, last)])
    number = pc.cast(pa.array(draws.indices + np.uint64(1)), pa.string())
    domain = texts.take(_DOMAINS, draws.below("domain", len(DOMAINS)))
    mailbox = texts.joined([texts.take(_FIRST_LOWER, first), texts.take(_LAST_LOWER, last)], ".")
    return name, texts.joined([texts.joined([mailbox, number], ""), domain], "@")


def _purchases(draws: Draws, since: Bits) -> tuple[Bits, Bits]:
    """Number of orders (more the longer somebody is a customer) and the average order in cents."""
    drawn = draws.bits("orders")
    orders = np.uint64(1) + scaled(drawn, np.uint64(3) + since // np.uint64(45))
    return orders, np.uint64(900) + scaled_low(drawn, 18_000)
