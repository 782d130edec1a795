"""Results that were written a short time ago."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from writer_svc.domain.verdicts import Verdict


class Written:
    """The first accepted result of a record wins, also when a result comes again with another text.

    A result is delivered again after a crash or a rebalance, and a generator that crashed before it stored its answer
    may have asked the LLM twice. What remains: this memory is the process's own and bounded, so a second text that
    comes after a restart, to another replica, or after `limit` other records, overwrites the first in the CRM, while
    the ledger keeps the first verdict. Closing that would take a read before every write.
    """

    def __init__(self, limit: int = 50_000) -> None:
        self._limit = limit
        self._verdicts: OrderedDict[str, Verdict] = OrderedDict()
        self._latest: OrderedDict[Hashable, str] = OrderedDict()

    def verdict(self, event_id: str) -> Verdict | None:
        """The verdict on a result that was written; None for one that was not, as far as we remember."""
        return self._verdicts.get(event_id)

    def note(self, event_id: str, verdict: Verdict) -> None:
        """It was written."""
        self._verdicts[event_id] = verdict
        if len(self._verdicts) > self._limit:
            self._verdicts.popitem(last=False)

    def note_latest(self, place: Hashable, at: str) -> None:
        """What was told `at` (ISO 8601, UTC) stands in these fields of this CRM record now."""
        if at >= self._latest.get(place, ""):
            self._latest[place] = at
            self._latest.move_to_end(place)
            if len(self._latest) > self._limit:
                self._latest.popitem(last=False)

    def is_overtaken(self, place: Hashable, at: str) -> bool:
        """Whether something later stands there already: what waited to be written again must not overwrite it."""
        return at < self._latest.get(place, "")
