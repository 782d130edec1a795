"""Reading only what was changed: where to begin, what was read already, and where the next batch begins."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.events import LAST, BatchSpec, HubSpotSource, SalesforceSource

OVERLAP = timedelta(seconds=600)
"""So far back the next batch begins: a long transaction's records appear after others with a later moment
(crm-contracts 1.4)."""


@dataclass(frozen=True)
class Cursor:
    """How far the changes of a source are read."""

    position: datetime
    """Nothing that was visible up to here is unread."""
    read: Mapping[datetime, frozenset[str]] = field(default_factory=dict)
    """Ids of what was read of the last `OVERLAP`, by the moment of their change."""

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        read = {moment.isoformat(): sorted(ids) for moment, ids in self.read.items()}
        return {"position": self.position.isoformat(), "read": read}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Cursor:
        """What `to_json` made."""
        read = {datetime.fromisoformat(moment): frozenset(ids) for moment, ids in stored["read"].items()}
        return cls(datetime.fromisoformat(stored["position"]), read)


class Changes:
    """One reading of changes, from `since` to `until`.

    `until` is the moment of the newest change when reading begins. What changes meanwhile leaves the reading and is in
    the next: so no record is read twice however often a query begins again. Equal moments are told apart by their ids.
    """

    def __init__(
        self, since: datetime | None, cursor: Cursor | None = None, *, follows: bool = False, limited: bool = False
    ) -> None:
        self.since = cursor.position - OVERLAP if cursor else since
        self.follows = follows
        """Whether the next reading begins where this one ends."""
        self.until: datetime | None = None
        self._cursor = cursor
        # With a limit, changes come in the order of their moments.
        self._limited = limited
        self._last: datetime | None = None
        self._read: dict[datetime, set[str]] = {}

    def begin(self, newest: datetime | None) -> None:
        """`newest` is the moment of the newest change; None where there is none since."""
        self.until = newest

    def is_new(self, record_id: str, moment: datetime) -> bool:
        """Whether this change is to be read now; it counts as read from here on."""
        self._last = moment if self._last is None else max(self._last, moment)
        if self._cursor is not None and record_id in self._cursor.read.get(moment, ()):
            return False
        if self.follows:
            self._remember(record_id, moment)
        return True

    def _remember(self, record_id: str, moment: datetime) -> None:
        """Only what the next reading looks at again: an object has millions of records, and ten minutes have few."""
        reached = self._last if self._limited else self.until
        if reached is not None and moment < reached - OVERLAP:
            return
        while self._limited and self._read and (first := next(iter(self._read))) < moment - OVERLAP:
            del self._read[first]
        self._read.setdefault(moment, set()).add(record_id)

    def cursor(self, *, whole: bool) -> Cursor | None:
        """Where the next reading begins; `whole` unless a limit ended this one, which read in order of moments."""
        before = self._cursor.position if self._cursor else None
        ended = self.until if whole and self.until is not None else self._last
        reached = [at for at in (before, ended) if at is not None]
        if not reached:
            return None
        position = max(reached)
        read: dict[datetime, set[str]] = {}
        for known in (self._cursor.read if self._cursor else {}, self._read):
            for moment, ids in known.items():
                if moment >= position - OVERLAP:
                    read.setdefault(moment, set()).update(ids)
        return Cursor(position, {moment: frozenset(ids) for moment, ids in read.items()})


def changes_of(source: SalesforceSource | HubSpotSource, cursor: Cursor | None, *, follows: bool) -> Changes | None:
    """How the changes of `source` are read; None where all its records are wanted."""
    if source.changed_since is None:
        return None
    if source.changed_since == LAST:
        return Changes(None, cursor, follows=follows, limited=source.limit is not None)
    return Changes(moment_of(source.changed_since))


def cursor_name(spec: BatchSpec) -> str | None:
    """What batches share that continue each other: name, object and condition. None where a batch continues none."""
    source = spec.source
    if not isinstance(source, SalesforceSource | HubSpotSource) or source.changed_since != LAST:
        return None
    what = json.dumps([spec.name, source.kind, source.object, (source.where or "").strip()])
    return hashlib.sha256(what.encode()).hexdigest()


def moment_of(text: str) -> datetime:
    """A moment as Salesforce (`+0000`), HubSpot (`Z`) or a person writes it, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)
