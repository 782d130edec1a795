"""The SOQL that a Salesforce source asks with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from shared.crm.soql import QUERY_CHARACTERS, queries_among, quoted

Place = tuple[str, datetime | None]
"""Id of a record and, where changes are read, the moment of its change."""


@dataclass(frozen=True)
class Selection:
    """Which records of an object. Without `stamp` all that there are, in the order of their ids; else those whose field
    of that name lies between `since` and `until`, in the order of their changes.
    """

    sobject: str
    where: str | None
    limit: int | None = None
    stamp: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def newest(self) -> str:
        """The moment of the newest change; of any record, for it says how far everything was read."""
        since = _between(self.stamp or "", self.since, None)
        order = f"ORDER BY {self.stamp} DESC NULLS LAST LIMIT 1"
        return f"SELECT {self.stamp} FROM {self.sobject}{_where(since)} {order}"  # noqa: S608

    def count(self) -> str:
        """How many there are, whatever the limit."""
        return f"SELECT COUNT() FROM {self.sobject}{_where(self._conditions())}"  # noqa: S608

    def ids(self, after: Place | None = None, seen: int = 0) -> str:
        """Ids and moments, but for the `seen` first, of which `after` is the last."""
        beyond = [] if after is None else [self._beyond(*after)]
        names = f"Id,{self.stamp}" if self.stamp else "Id"
        # A limit counts changes that were not read before; only who reads them knows which these are.
        limit = f" LIMIT {self.limit - seen}" if self.limit and not self.stamp else ""
        return f"SELECT {names} FROM {self.sobject}{_where([*self._conditions(), *beyond])} {self._order()}{limit}"  # noqa: S608

    def rows(self, fields: Sequence[str]) -> str:
        """Whole records at once. Only a limit needs an order, which keeps Salesforce from reading in pieces."""
        names = dict.fromkeys(("Id", *([self.stamp] if self.stamp else []), *fields))
        end = f" {self._order()}" if self.limit else ""
        end += f" LIMIT {self.limit}" if self.limit and not self.stamp else ""
        return f"SELECT {','.join(names)} FROM {self.sobject}{_where(self._conditions())}{end}"  # noqa: S608

    def _conditions(self) -> list[str]:
        # The condition is SOQL by contract: whoever may submit a batch may say it, in this user's rights.
        given = [f"({self.where})"] if self.where and self.where.strip() else []
        return given + (_between(self.stamp, self.since, self.until) if self.stamp else [])

    def _order(self) -> str:
        return f"ORDER BY {self.stamp},Id" if self.stamp else "ORDER BY Id"

    def _beyond(self, record_id: str, moment: datetime | None) -> str:
        if self.stamp is None or moment is None:
            return f"Id > {quoted(record_id)}"
        at = soql_moment(moment)
        return f"({self.stamp} > {at} OR ({self.stamp} = {at} AND Id > {quoted(record_id)}))"


def fields_of_ids(sobject: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[str]:
    """Queries for fields of `ids`, none longer than a URI allows."""
    for names in _field_lists(fields):
        # Names are checked against describe.
        yield from queries_among(f"SELECT {names} FROM {sobject} WHERE Id IN", map(quoted, ids))  # noqa: S608


def living_keys(sobject: str, field: str, keys: Sequence[str | float]) -> Iterator[str]:
    """Queries for those of `keys` that living records have, none longer than a URI allows."""
    literals = (quoted(key) if isinstance(key, str) else str(key) for key in keys)
    return queries_among(f"SELECT {field} FROM {sobject} WHERE {field} IN", literals)  # noqa: S608 – described


def trials(sobject: str, fields: Sequence[str]) -> Iterator[str]:
    """Queries for one record that name all `fields`: whether the org lets them be read."""
    for names in _field_lists(fields):
        yield f"SELECT {names} FROM {sobject} LIMIT 1"  # noqa: S608 – names are checked against describe


def soql_moment(moment: datetime) -> str:
    """A datetime literal of SOQL, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _between(stamp: str, since: datetime | None, until: datetime | None) -> list[str]:
    return [
        *([f"{stamp} >= {soql_moment(since)}"] if since else []),
        *([f"{stamp} <= {soql_moment(until)}"] if until else []),
    ]


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _field_lists(fields: Sequence[str]) -> Iterator[str]:
    """Field names of one query each: many long names would leave no room for ids."""
    names = ["Id"]
    for field in dict.fromkeys(fields):
        if field == "Id":
            continue
        if len(quote(",".join((*names, field)))) > QUERY_CHARACTERS // 2:
            yield ",".join(names)
            names = ["Id"]
        names.append(field)
    yield ",".join(names)
