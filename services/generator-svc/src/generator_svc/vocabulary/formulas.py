"""Formulas: what a whole column of texts is made from – tables, templates, patterns, and these one after the other."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass

_DIGITS = {"#": "0123456789", "%": "123456789", "$": "23456789"}
_MAYBE_EMPTY = re.compile(r"[!@]")


class NotAFormula(Exception):
    """The method does more than choose, fill and replace."""


@dataclass(frozen=True)
class Entries:
    """One of these texts, with their weights where they differ."""

    values: tuple[str, ...]
    weights: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Pattern:
    """A text in which some places are drawn: a literal, or the alphabet of a place."""

    places: tuple[str | frozenset[str], ...]
    """A literal text, or the characters that may stand at a place."""


@dataclass(frozen=True)
class Sequence:
    """Parts one after the other."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Choice:
    """One of several formulas."""

    options: tuple[Formula, ...]
    weights: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Cased:
    """A formula in lower, upper or title case."""

    inner: Formula
    case: str


@dataclass(frozen=True)
class Named:
    """What another method gives; equal names in one row give the same text, so that a name and its mailbox agree."""

    method: str
    inner: Formula


Formula = Entries | Pattern | Sequence | Choice | Cased | Named


def pattern(text: str, method: str) -> Formula:
    """`numerify`: `#` a digit, `%` one from 1, `$` one from 2; `lexify`: `?` a letter; `bothify`: both."""
    alphabets = {} if method == "lexify" else dict(_DIGITS)
    if method != "numerify":
        alphabets["?"] = string.ascii_letters
    if method != "lexify" and _MAYBE_EMPTY.search(text):
        raise NotAFormula(text)
    if not any(symbol in text for symbol in alphabets):
        return Entries((text,))
    places: list[str | frozenset[str]] = []
    for character in text:
        if character in alphabets:
            places.append(frozenset(alphabets[character]))
        elif places and isinstance(places[-1], str):
            places[-1] += character
        else:
            places.append(character)
    return Pattern(tuple(places))
