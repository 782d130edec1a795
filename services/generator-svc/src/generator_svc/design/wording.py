"""The parts of a description that the built-in designer reads: the subject, and the fields that are listed."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_DESCRIPTION = 4_000

_ASKING = re.compile(
    r"^\s*(please\s+)?((can|could|would) you\s+)?"
    r"(generate|create|make|produce|build|give me|i (need|want)|synthesi[sz]e)\b"
    r"(\s+me)?(\s+an?|\s+some|\s+the)?",
    re.IGNORECASE,
)
_COUNT = re.compile(r"\b\d[\d,._]*\s*k?\s+(rows?|records?|entries|lines|samples?)\b(\s+of)?", re.IGNORECASE)
_LISTING = re.compile(
    r"\b(?:with|including|includes?|containing|contains?|having|featuring|showing|such as|like|and their)\b"
    r"(?:\s+the)?(?:\s+following)?(?:\s+(?:fields?|columns?|attributes?|properties))?\s*:?\s*|"
    r"\b(?:fields?|columns?|attributes?|properties)(?:\s+are)?\s*[:=]?\s+|:\s*",
    re.IGNORECASE,
)
_EXACT = re.compile(r"\b(fields?|columns?|attributes?|properties|only|exactly|just)\b|:", re.IGNORECASE)
_BETWEEN = re.compile(
    r"\s*(?:,\s*and\b|,\s*or\b|,|;|\n|\band\b|&|\bplus\b|\bas well as\b|\balong with\b)\s*", re.IGNORECASE
)
_NUMBER = r"\$?(-?\d[\d,]*(?:\.\d+)?)"
_RANGE = re.compile(
    rf"\b(?:between|from|ranging from|of|in)?\s*{_NUMBER}\s*(?:-|–|to|and|\.\.)\s*{_NUMBER}\b", re.IGNORECASE
)
_OPTIONS = re.compile(r"\(([^()]*)\)|\b(?:one of|either)\s+([\w ,/|-]+)$", re.IGNORECASE)
_SMALL = re.compile(
    r"^(?:the|a|an|their|its|his|her|each|every|all|some|of|for|with|which|that|have|has|random|realistic|fake|sample|"
    r"unique|customer'?s|only|exactly|just|data|information|info|details)\s+|\s+(?:data|information|info|etc\.?)$",
    re.IGNORECASE,
)
_MARK = "\x00"


@dataclass(frozen=True)
class Listed:
    """One field that a description lists, with what is said about its values."""

    words: str
    low: float | None = None
    high: float | None = None
    options: tuple[str, ...] = ()
    unique: bool = False


@dataclass(frozen=True)
class Wording:
    """A description, taken apart."""

    subject: str
    listed: tuple[Listed, ...]
    exact: bool
    """The listed fields are all there should be."""


def read_wording(description: str) -> Wording:
    """Subject and listed fields. A list of three or more, or one announced as fields, is meant to be complete."""
    text = " ".join(description[:LONGEST_DESCRIPTION].split()).rstrip(".!? ")
    text = _COUNT.sub(" ", _ASKING.sub(" ", text)).strip()
    opening = _LISTING.search(_without_brackets(text))
    if opening is None:
        return Wording(text, (), False)
    subject, rest = text[: opening.start()], text[opening.end() :]
    listed = tuple(found for part in _parts(rest) if (found := _listed(part)) is not None)
    announced = bool(_EXACT.search(text[: opening.end()]))
    return Wording(subject.strip() or rest, listed, bool(listed) and (announced or len(listed) >= 3))


def _parts(text: str) -> list[str]:
    """Items of the list; ranges and bracketed options may hold commas and `and`s of their own."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group(0))
        return f"{_MARK}{len(kept) - 1}{_MARK}"

    hidden = _RANGE.sub(keep, re.sub(r"\([^()]*\)", keep, text))
    hidden = _LISTING.sub(", ", hidden)

    def back(part: str) -> str:
        while _MARK in part:
            part = re.sub(f"{_MARK}(\\d+){_MARK}", lambda match: kept[int(match.group(1))], part)
        return part

    return [back(part) for part in _BETWEEN.split(hidden) if part.strip()]


def _listed(part: str) -> Listed | None:
    options: tuple[str, ...] = ()
    low = high = None
    if (found := _OPTIONS.search(part)) is not None:
        inner = found.group(1) or found.group(2) or ""
        if (span := _RANGE.search(inner)) is not None:
            low, high = _number(span.group(1)), _number(span.group(2))
        else:
            options = tuple(word.strip() for word in re.split(r"[,/|]|\bor\b|\band\b", inner) if word.strip())
        part = part[: found.start()] + part[found.end() :]
    if (span := _RANGE.search(part)) is not None:
        low, high = _number(span.group(1)), _number(span.group(2))
        part = part[: span.start()] + part[span.end() :]
    unique = bool(re.search(r"\bunique\b", part, re.IGNORECASE))
    words = _trimmed(part)
    return (
        Listed(words, low, high, options if len(options) > 1 else (), unique) if re.search(r"[^\W_]", words) else None
    )


def _trimmed(words: str) -> str:
    words = re.sub(r"[^\w' /-]+", " ", words).strip(" -_'")
    while (shorter := _SMALL.sub("", words).strip(" -'")) != words:
        words = shorter
    return words


def _without_brackets(text: str) -> str:
    return re.sub(r"\([^()]*\)", lambda match: "_" * len(match.group(0)), text)


def _number(text: str) -> float:
    return float(text.replace(",", ""))
