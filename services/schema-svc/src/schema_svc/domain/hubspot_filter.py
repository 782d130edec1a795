"""Conditions on HubSpot records as people write them, and as the search API takes them.

    lifecyclestage = 'lead' AND numberofemployees >= 50 OR city IN ('Berlin', 'Paris') AND phone IS NOT EMPTY

AND binds closer than OR: each part between two ORs is a filter group. What is not understood is refused, never ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from schema_svc.domain.slots import Refused

Filter = dict[str, Any]

GROUPS, FILTERS, TOTAL = 5, 6, 18
"""What one search takes (HubSpot CRM search API): groups, filters of a group, filters of all. Some of them are ours."""

_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|(<=|>=|!=|<>|[=<>(),])|([A-Za-z_][\w]*)|(-?\d[\w.:+-]*))")
_OPERATORS = {"=": "EQ", "!=": "NEQ", "<>": "NEQ", "<": "LT", "<=": "LTE", ">": "GT", ">=": "GTE"}
_WORDS = frozenset({"AND", "OR", "IN", "NOT", "IS", "EMPTY", "CONTAINS"})

_Token = tuple[str, str, int]
"""What it is (text, sign, word, number, end), what it says, and where it begins."""


def filter_groups(where: str, ours: int = 1) -> list[list[Filter]]:
    """The condition as filter groups, with room for `ours` more filters in each.

    Raises `Refused` with the place that is not understood.
    """
    groups = _Reader(where).groups()
    if len(groups) > GROUPS:
        raise Refused(f"HubSpot takes conditions with at most {GROUPS} parts joined by OR; this one has {len(groups)}.")
    if any(len(group) + ours > FILTERS for group in groups) or sum(map(len, groups)) + ours * len(groups) > TOTAL:
        more = {1: "one more", 2: "two more"}[ours]
        most = f"{FILTERS - ours} conditions joined by AND, and {TOTAL} in all, counting {more} for each part"
        raise Refused(f"HubSpot takes at most {most}.")
    return groups


def property_names(groups: list[list[Filter]]) -> list[str]:
    """The properties that a condition names, each once."""
    return list(dict.fromkeys(one["propertyName"] for group in groups for one in group))


class _Reader:
    def __init__(self, where: str) -> None:
        self._where = where
        self._tokens = list(_tokens(where))
        self._at = 0

    def groups(self) -> list[list[Filter]]:
        found = [[self._condition()]]
        while self._peek()[0] != "end":
            joint = self._word("AND", "OR")
            if joint == "OR":
                found.append([])
            found[-1].append(self._condition())
        return found

    def _condition(self) -> Filter:
        kind, name, at = self._next()
        if kind != "word" or name.upper() in _WORDS:
            raise self._refusal(at, "the name of a property")
        kind, said, at = self._next()
        if kind == "sign" and said in _OPERATORS:
            return {"propertyName": name, "operator": _OPERATORS[said], "value": self._value()}
        word = said.upper() if kind == "word" else ""
        if word == "IS":
            return {"propertyName": name, "operator": self._presence()}
        if word == "CONTAINS":
            return {"propertyName": name, "operator": "CONTAINS_TOKEN", "value": self._value()}
        negated = word == "NOT"
        if negated:
            self._word("IN")
        if negated or word == "IN":
            return {"propertyName": name, "operator": "NOT_IN" if negated else "IN", "values": self._values()}
        raise self._refusal(at, "one of = != < <= > >=, IN, NOT IN, CONTAINS, IS EMPTY, IS NOT EMPTY")

    def _presence(self) -> str:
        if self._word("NOT", "EMPTY") == "NOT":
            self._word("EMPTY")
            return "HAS_PROPERTY"
        return "NOT_HAS_PROPERTY"

    def _values(self) -> list[str]:
        self._sign("(")
        found = [self._value()]
        while self._sign(",", ")") == ",":
            found.append(self._value())
        return found

    def _value(self) -> str:
        kind, said, at = self._next()
        if kind in ("text", "number") or (kind == "word" and said.lower() in ("true", "false")):
            return said.lower() if kind == "word" else said
        raise self._refusal(at, "a value: 'text in quotes', a number, true or false")

    def _word(self, *wanted: str) -> str:
        kind, said, at = self._next()
        if kind == "word" and said.upper() in wanted:
            return said.upper()
        raise self._refusal(at, " or ".join(wanted))

    def _sign(self, *wanted: str) -> str:
        kind, said, at = self._next()
        if kind == "sign" and said in wanted:
            return said
        raise self._refusal(at, " or ".join(wanted))

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _refusal(self, at: int, wanted: str) -> Refused:
        return _not_understood(self._where, at, f"expected {wanted}")


def _tokens(where: str) -> Iterator[_Token]:
    at = 0
    text = where.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _not_understood(where, at, "a quote that is not closed, or a sign that means nothing here")
        quoted, sign, word, number = found.groups()
        start = found.end() - len((sign or word or number) if quoted is None else f"'{quoted}'")
        if quoted is not None:
            yield "text", quoted.replace("''", "'"), start
        else:
            yield ("sign", sign, start) if sign else ("word", word, start) if word else ("number", number, start)
        at = found.end()
    yield "end", "", at


def _not_understood(where: str, at: int, why: str) -> Refused:
    near = where[at : at + 20].strip() or "the end"
    return Refused(f"The condition is not understood at character {at + 1} ({near}): {why}.")
