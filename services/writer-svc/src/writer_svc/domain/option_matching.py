"""Finds the option of an enumeration that an answer means (S2-65), and never its opposite.

More than 85 % alike (rapidfuzz `ratio` on normalised labels) is one option, unless a guard objects. The guards are
there because the bare rule merges opposites: subscribed/unsubscribed 90.9, region 10/region 11 88.9, employer/employee
87.5.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from rapidfuzz.fuzz import ratio
from shared.crm.hubspot_shapes import PropertyOption

ALIKE = 85.0
"""Per cent; only more than this merges (S2-65)."""

AMBIGUOUS = 3.0
"""Two options whose scores are closer than this: neither is taken."""

SHORT = 4
"""Characters up to which only equality counts: one letter is a quarter of the meaning."""

_NEGATING = ("un", "in", "im", "il", "ir", "non", "dis", "not", "de", "anti", "mis", "ex", "a")
_OPPOSITE_BEGINNINGS = (
    ("pre", "post"), ("in", "out"), ("inter", "intra"), ("hyper", "hypo"), ("over", "under"), ("up", "down"),
    ("macro", "micro"), ("mono", "poly"), ("intra", "extra"), ("ex", "im"), ("in", "ex"), ("in", "de"), ("fe", ""),
)  # fmt: skip
_OPPOSITE_ENDINGS = (("er", "ee"), ("or", "ee"), ("ful", "less"))
_NEGATIONS = frozenset({"no", "non", "not", "never", "without", "anti", "ex", "former"})
_SIDES = frozenset({
    "in", "out", "on", "off", "up", "down", "pre", "post", "north", "south", "east", "west", "left", "right", "first",
    "last", "high", "low", "new", "old", "hot", "cold", "won", "lost", "buy", "sell", "open", "closed", "before",
    "after", "upper", "lower", "male", "female", "inbound", "outbound", "internal", "external",
})  # fmt: skip
_ROMAN = re.compile(r"(?=[ivx])x{0,3}(ix|iv|v?i{0,3})")
_SEPARATORS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Match:
    """The option that was taken for an answer; `score` is 100 where it was named, if in other letters."""

    answer: str
    value: str
    label: str
    score: float


def matching_option(text: str, options: Sequence[PropertyOption]) -> Match | None:
    """The one option that `text` means; None where there is none or more than one."""
    if (named := _named(text, options)) is not None:
        return Match(text, named.get("value") or "", named.get("label") or "", 100.0)
    folded = normalised(text)
    scored = sorted(((_score(folded, option), at) for at, option in enumerate(options)), reverse=True)
    if not scored or scored[0][0] <= ALIKE:
        return None
    best, at = scored[0]
    if len(scored) > 1 and best - scored[1][0] < AMBIGUOUS:
        return None
    option = options[at]
    # A guard that objects to the best one ends the search: the second best means it even less.
    alike = (name for name in map(normalised, _names(option)) if ratio(folded, name) > ALIKE)
    if not any(may_merge(folded, name) for name in alike):
        return None
    return Match(text, option.get("value") or "", option.get("label") or "", best)


def normalised(text: str) -> str:
    """Compatibility form, no case, punctuation as single spaces."""
    return _SEPARATORS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def may_merge(one: str, other: str) -> bool:
    """Whether two normalised texts that look alike may mean the same."""
    if min(len(one), len(other)) <= SHORT or _marks(one) != _marks(other):
        return False
    left, right = Counter(one.split()), Counter(other.split())
    return not any(_are_opposites(a, b) for a, b in product(left - right, right - left))


def _named(text: str, options: Sequence[PropertyOption]) -> PropertyOption | None:
    """The option whose value or label is `text`, first to the letter, then normalised, then without spaces.

    The last only with the same numbers: "region 1 1" is not "region 11".
    """
    for option in options:
        if text in _names(option):
            return option
    folded = normalised(text)
    for option in options:
        if folded and folded in map(normalised, _names(option)):
            return option
    for option in options:
        for name in map(normalised, _names(option)):
            if folded and name.replace(" ", "") == folded.replace(" ", "") and _marks(name) == _marks(folded):
                return option
    return None


def _names(option: PropertyOption) -> tuple[str, ...]:
    return tuple(name for name in (option.get("value"), option.get("label")) if name)


def _score(folded: str, option: PropertyOption) -> float:
    return max((ratio(folded, normalised(name)) for name in _names(option)), default=0.0)


def _marks(text: str) -> Sequence[str]:
    """What must be equal: words with digits, single letters, Roman numerals, negations and sides, in their order."""
    return [word for word in text.split() if _is_mark(word)]


def _is_mark(word: str) -> bool:
    return (
        len(word) == 1
        or any(char.isdigit() for char in word)
        or word in _NEGATIONS
        or word in _SIDES
        or _ROMAN.fullmatch(word) is not None
    )


def _are_opposites(one: str, other: str) -> bool:
    pairs: Iterable[tuple[str, str]] = (*((negating, "") for negating in _NEGATING), *_OPPOSITE_BEGINNINGS)
    if any(_differ_by_beginning(one, other, a, b) or _differ_by_beginning(one, other, b, a) for a, b in pairs):
        return True
    one, other = one.removesuffix("s"), other.removesuffix("s")
    return any(
        one.endswith(a) and other.endswith(b) and one[: -len(a)] == other[: -len(b)]
        for ending in _OPPOSITE_ENDINGS
        for a, b in (ending, ending[::-1])
    )


def _differ_by_beginning(one: str, other: str, first: str, second: str) -> bool:
    """Whether the words are `first` + the same and `second` + the same, give or take a plural."""
    if not one.startswith(first) or not other.startswith(second):
        return False
    rest, other_rest = one[len(first) :].removesuffix("s"), other[len(second) :].removesuffix("s")
    return len(rest) > 2 and rest == other_rest
