"""Companies: Faker's names, and what follows from them. All fields of one company agree with each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.rows.texts import joined, take
from generator_svc.vocabulary.field_slice import FieldSlice
from generator_svc.vocabulary.people import ascii_word, mailbox
from generator_svc.vocabulary.places import first_of

ENTITY = "company"

INDUSTRIES: tuple[str, ...] = (
    "Software", "Financial Services", "Healthcare", "Manufacturing", "Retail", "Logistics", "Telecommunications",
    "Education", "Construction", "Energy", "Insurance", "Real Estate", "Hospitality", "Media", "Biotechnology",
    "Automotive", "Agriculture", "Consulting", "Aerospace", "Food and Beverage", "Legal Services", "Non-Profit",
)  # fmt: skip
DEPARTMENTS: tuple[str, ...] = (
    "Engineering", "Sales", "Marketing", "Finance", "Human Resources", "Operations", "Customer Support", "Legal",
    "Product", "Procurement", "Research", "IT",
)  # fmt: skip
TITLES: tuple[str, ...] = (
    "Account Manager", "Sales Director", "Operations Manager", "Product Manager", "Software Engineer",
    "Marketing Manager", "Financial Analyst", "HR Business Partner", "Chief Executive Officer", "IT Administrator",
    "Customer Success Manager", "Procurement Specialist", "Data Analyst", "Project Manager", "VP of Sales",
    "Chief Financial Officer", "Quality Engineer", "Business Analyst", "Office Manager", "Head of Research",
)  # fmt: skip


def company(field: FieldSlice) -> pa.Array:
    """A company's name."""
    return first_of(field.of_entity(ENTITY), "company")


def domain_name(field: FieldSlice) -> pa.Array:
    """The company's domain with the row number (S2-54), under a name that RFC 2606 reserves."""
    number = pc.cast(pa.array(field.draws.indices + np.uint64(1)), pa.string())
    return joined([ascii_word(company(field)), number, ".example"], "")


def url(field: FieldSlice) -> pa.Array:
    """The company's web site."""
    return joined(["https://www.", domain_name(field), "/"], "")


def company_email(field: FieldSlice) -> pa.Array:
    """The person's mailbox at the company's domain."""
    return joined([mailbox(field), domain_name(field)], "@")


def image_address(field: FieldSlice) -> pa.Array:
    """Of a picture that is not there."""
    number = pc.cast(pa.array(field.below("picture", 1_000)), pa.string())
    return joined(["https://pictures.example/", number, ".jpg"], "")


def one_of(values: tuple[str, ...], entity: str = "") -> Callable[[FieldSlice], pa.Array]:
    """A type that is one of fixed words."""
    words = pa.array(values, pa.string())

    def make(field: FieldSlice) -> pa.Array:
        source = field.of_entity(entity) if entity else field
        return take(words, source.below("word", len(values)))

    return make
