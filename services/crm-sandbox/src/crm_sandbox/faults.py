"""Failures to order: which calls they hit and what happens to these."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from crm_sandbox.store import Store

_WHICH = {"method", "path", "nth", "rate", "times", "rows"}
_WHAT = {"status", "code", "latency_ms", "drop", "retry_after", "body"}
_KEYS = _WHICH | _WHAT


FACT = "faults"

# Work that no client calls for by name: an order hits it only when it says so.
PROCESS = "PROCESS"


class FaultError(Exception):
    """The order makes no sense; the message says what is wrong with it."""


@dataclass(slots=True)
class Fault:
    number: int
    # As it came.
    order: Mapping[str, Any] = field(repr=False)
    method: str | None
    path: re.Pattern[str]
    nth: frozenset[int]
    rate: float | None
    status: int | None
    code: str | None
    latency_s: float
    drop: str | None
    times: int | None
    retry_after: str | None
    # Stands in for the vendor's own words where `status` is given: an error page of something in between.
    body: str | None
    # Which rows of an upload `code` hits, from 1, both ends included; empty means the first.
    rows: tuple[tuple[int, int], ...]
    chance: Random = field(repr=False)
    seen: int = 0
    hit: int = 0
    drawn: int = 0

    @property
    def id(self) -> str:
        return f"fault-{self.number}"

    def hits(self, method: str, path: str) -> bool:
        """Whether this call is one of those to fail; counts the calls that could be."""
        if self.method is None and method == PROCESS:
            return False
        if (self.method and self.method != method) or not self.path.match(path):
            return False
        self.seen += 1
        if self.times is not None and self.hit >= self.times:
            return False
        if self.nth and self.seen not in self.nth:
            return False
        if self.rate is not None and self._draw() >= self.rate:
            return False
        self.hit += 1
        return True

    def _draw(self) -> float:
        self.drawn += 1
        return self.chance.random()


class Faults:
    """Orders and how far each has come outlive a restart: the fifth call is the fifth in whichever process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._faults: list[Fault] = []
        self._ordered = 0

    def load(self) -> None:
        """Go on where the process before ended."""
        kept = self._store.fact(FACT)
        if kept is None:
            return
        self._ordered, faults = orjson.loads(kept)
        for number, body, seen, hit, drawn in faults:
            fault = _fault(body, number)
            fault.seen, fault.hit = seen, hit
            for _ in range(drawn):
                fault._draw()
            self._faults.append(fault)

    def order(self, body: Any) -> str:
        """Remember a fault; its id."""
        if not isinstance(body, dict):
            raise FaultError("a fault is an object")
        self._ordered += 1
        fault = _fault(body, self._ordered)
        self._faults.append(fault)
        self._save()
        return fault.id

    def hitting(self, method: str, path: str) -> list[Fault]:
        before = sum(fault.seen for fault in self._faults)
        struck = [fault for fault in self._faults if fault.hits(method, path)]
        if sum(fault.seen for fault in self._faults) != before:
            self._save()
        return struck

    def clear(self) -> None:
        self._faults.clear()
        self._save()

    def forget(self) -> None:
        """As after the first start: the same orders fail the same calls again."""
        self._ordered = 0
        self.clear()

    def _save(self) -> None:
        faults = [(fault.number, fault.order, fault.seen, fault.hit, fault.drawn) for fault in self._faults]
        self._store.remember(FACT, orjson.dumps((self._ordered, faults)).decode())


def _fault(body: Mapping[str, Any], number: int) -> Fault:
    _check(body)
    method = body.get("method")
    return Fault(
        number=number,
        order=body,
        method=method.upper() if method and method != "*" else None,
        path=_glob(body.get("path", "*")),
        nth=frozenset(body.get("nth") or ()),
        rate=body.get("rate"),
        status=body.get("status"),
        code=body.get("code"),
        latency_s=body.get("latency_ms", 0) / 1000,
        drop=body.get("drop"),
        times=body.get("times"),
        retry_after=None if body.get("retry_after") is None else str(body["retry_after"]),
        body=body.get("body"),
        rows=tuple(_row_range(one) for one in body.get("rows") or ()),
        # Seeded by its place, so that the same orders fail the same calls again.
        chance=Random(number),  # noqa: S311 - chooses calls, keeps no secret
    )


def _check(body: Mapping[str, Any]) -> None:
    if unknown := body.keys() - _KEYS:
        raise FaultError(f"unknown: {', '.join(sorted(unknown))}")
    if not body.keys() & {"status", "code", "latency_ms", "drop"}:
        raise FaultError("a fault needs one of status, code, latency_ms, drop")
    nth = body.get("nth")
    wrong = [
        name
        for name, right in {
            "method": isinstance(body.get("method", ""), str),
            "path": isinstance(body.get("path", ""), str),
            "nth": nth is None or (isinstance(nth, list) and all(_is_count(one) for one in nth)),
            "rate": _is_between(body.get("rate", 0), 0, 1) and not ("rate" in body and nth),
            "status": _is_between(body.get("status", 500), 200, 599) and isinstance(body.get("status", 500), int),
            "code": isinstance(body.get("code", ""), str),
            "latency_ms": _is_between(body.get("latency_ms", 0), 0, 600_000),
            "drop": body.get("drop", "before") in ("before", "middle", "after"),
            "body": isinstance(body.get("body", ""), str) and ("status" in body or "body" not in body),
            "rows": _are_rows(body.get("rows") or [], body),
            "times": body.get("times") is None or _is_count(body["times"]),
        }.items()
        if not right
    ]
    if wrong:
        raise FaultError(f"out of range: {', '.join(wrong)}")


def _are_rows(rows: Any, body: Mapping[str, Any]) -> bool:
    """Row numbers or [first, last] pairs, for a code."""
    if not isinstance(rows, list) or (rows and "code" not in body):
        return False
    return all(
        _is_count(one) or (isinstance(one, list) and len(one) == 2 and all(map(_is_count, one)) and one[0] <= one[1])
        for one in rows
    )


def _row_range(rows: Any) -> tuple[int, int]:
    return (rows[0], rows[1]) if isinstance(rows, list) else (rows, rows)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_between(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _glob(path: str) -> re.Pattern[str]:
    """`*` matches across slashes; everything else stands for itself."""
    return re.compile(".*".join(re.escape(part) for part in path.split("*")) + r"\Z", re.DOTALL)
