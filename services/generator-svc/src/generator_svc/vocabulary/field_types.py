"""Types for fields that a CRM or a database describes, chosen by the field's name and label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator_svc.vocabulary.guessing import guessed
from generator_svc.vocabulary.kinds import Kind
from generator_svc.vocabulary.resolving import Chosen, resolved
from generator_svc.vocabulary.types import OWN

NUMERIC = frozenset({"random_int", "random_float", "price", "normal", "lognormal", "year", "latitude", "longitude",
                     "pydecimal", "random_number"})  # fmt: skip


def chosen_for(words: str, *, otherwise: tuple[str, Mapping[str, Any]], only: frozenset[str] | None = None) -> Chosen:
    """The type that the words speak for; `otherwise` where they say nothing, or a type that is not among `only`."""
    guess = guessed(words)
    name, parameters = guess if guess and (only is None or guess[0] in only) else otherwise
    return resolved(name, parameters, "/")


def kind_named(words: str) -> Kind | None:
    """The type that the words speak for, where it is one of our own."""
    guess = guessed(words)
    return OWN.get(guess[0]) if guess else None
