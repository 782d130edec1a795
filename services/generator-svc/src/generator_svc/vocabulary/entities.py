"""Which fields of a row belong to the same person, place, company or product."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from generator_svc.vocabulary.guessing import spaced
from generator_svc.vocabulary.kinds import Kind

_WORDS = """
    name first last full given family middle email mail e address phone mobile fax telephone sex gender title prefix
    user username city state province region zip postal postcode code country street line abbr company domain website
    url web site industry product category department description adjective
"""
_ATTRIBUTES = frozenset(_WORDS.split())


def entities(kinds: Mapping[str, Kind]) -> dict[str, str]:
    """An entity for each field: one for the row where no type comes twice, else by what stands before the attribute.

    `billing_city, billing_state, shipping_city` are two places; `customer_name, email` is one person.
    """
    counted = Counter((kind.entity, kind.name) for kind in kinds.values())
    twice = {entity for (entity, _), count in counted.items() if count > 1}
    return {name: _owner(name) if kind.entity in twice else "" for name, kind in kinds.items()}


def _owner(name: str) -> str:
    return " ".join(word for word in spaced(name).split() if word not in _ATTRIBUTES)
