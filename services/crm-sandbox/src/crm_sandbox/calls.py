"""How often each call was made."""

import re
from collections import Counter

from crm_sandbox.salesforce.ids import to_18


class CallLog:
    """Counts by method, path without ids, and status; a dropped call has status 0."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, int]] = Counter()

    def add(self, method: str, path: str, status: int) -> None:
        self._counts[method, path, status] += 1

    def clear(self) -> None:
        self._counts.clear()

    def report(self) -> dict[str, object]:
        calls = [
            {"method": method, "path": path, "status": status, "count": count}
            for (method, path, status), count in sorted(self._counts.items())
        ]
        return {"calls": calls, "total": self._counts.total()}


def folded(path: str) -> str:
    """An unrouted path with what looks like ids folded, so that the log stays short."""
    return "/".join("{id}" if _looks_like_id(word) else word for word in path.split("/"))


def _looks_like_id(word: str) -> bool:
    # Without the digits, names of 15 letters such as ContentDocument would count as ids.
    return to_18(word) is not None and len(re.findall(r"\d", word)) >= 3
