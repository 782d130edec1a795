"""Rows of a CRM Analytics dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from shared.crm.analytics import Analytics, Dataset
from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import SalesforceSession
from shared.events import BatchSpec, CrmAnalyticsSource, SalesforceTarget

from schema_svc.domain.ranges import Range
from schema_svc.domain.slots import Needed, Refused, did_you_mean, refuse_unknown
from schema_svc.domain.source import Missing, Planned, Record, Snapshot

ID_FIELDS = ("id", "record_id", "recordid")
"""A field with such a name says which record a row is about; a dataset itself has no ids of rows."""

RECORD_ID_LENGTH = 255
"""As `record_id` of the record events."""

PART_ROWS = 1_000
"""Rows that are stored together."""


class CrmAnalytics:
    """All rows are read once, when the batch is planned, from the version that is current then.

    So an upload that replaces the dataset meanwhile changes nothing, and no row is read twice or never.
    """

    def __init__(self, session: SalesforceSession | None) -> None:
        self._session = session

    async def plan(self, spec: BatchSpec, needed: Needed, snapshot: Snapshot) -> Planned:
        """Check every slot against the dataset's fields, then keep what is needed of every row."""
        analytics = self._open()
        try:
            dataset = await self._dataset(analytics, _source(spec).dataset)
            known = await analytics.fields(dataset)
            refuse_unknown(needed, known, f"the dataset {dataset.name}")
            id_field = next((name for name in known if name.casefold() in ID_FIELDS), None)
            _refuse_without_ids(spec, dataset, id_field)
            await snapshot.clear_rows()
            return Planned(await _keep_rows(analytics, dataset, _fields(needed, id_field, known), id_field, snapshot))
        except SalesforceRefused as refused:
            raise Refused(f"CRM Analytics refuses to be read ({refused.code}).") from refused

    async def records(
        self, spec: BatchSpec, needed: Needed, snapshot: Snapshot, ranges: Sequence[Range]
    ) -> list[Record | Missing]:
        """The rows as they were when the batch was planned."""
        found: list[Record | Missing] = []
        for first, count in ranges:
            rows = await snapshot.rows(first, count)
            found += [Record(first + i, row["record_id"], row["values"]) for i, row in enumerate(rows)]
        return found

    async def _dataset(self, analytics: Analytics, name: str) -> Dataset:
        dataset = await analytics.dataset(name)
        if dataset is None:
            names = [one.name async for one in analytics.datasets()]
            raise Refused(
                f"The org has no dataset {name}, or this user may not see it: give its API name or id."
                f"{did_you_mean(name, names)}"
            )
        if dataset.version_id is None:
            raise Refused(f"Nothing was ever loaded into the dataset {dataset.name}.")
        return dataset

    def _open(self) -> Analytics:
        if self._session is None:
            raise Refused("Salesforce is not configured: set SF_CONSUMER_KEY, SF_USERNAME and SF_PRIVATE_KEY(_FILE).")
        return Analytics(self._session)


async def _keep_rows(
    analytics: Analytics, dataset: Dataset, fields: Sequence[str], id_field: str | None, snapshot: Snapshot
) -> int:
    kept = 0
    async for page in analytics.pages(dataset, fields):
        rows = [_kept(row, kept + i, fields, id_field) for i, row in enumerate(page)]
        for first in range(0, len(rows), PART_ROWS):
            await snapshot.add_rows(kept + first, rows[first : first + PART_ROWS])
        kept += len(rows)
    return kept


def _kept(row: dict[str, Any], index: int, fields: Sequence[str], id_field: str | None) -> dict[str, Any]:
    given = row.get(id_field) if id_field else None
    record_id = str(index) if given is None or given == "" else str(given)
    if len(record_id) > RECORD_ID_LENGTH:
        raise Refused(f"A value of {id_field}, which names the records, is longer than {RECORD_ID_LENGTH} characters.")
    return {"record_id": record_id, "values": {name: row.get(name) for name in fields}}


def _fields(needed: Needed, id_field: str | None, known: Sequence[str]) -> list[str]:
    """What is read; a query must name at least one field, also for a prompt without slots."""
    wanted = [*needed.fields, *([id_field] if id_field else [])]
    if not (wanted or known):
        raise Refused("The dataset has no fields that this user can read.")
    return list(dict.fromkeys(wanted or known[:1]))


def _refuse_without_ids(spec: BatchSpec, dataset: Dataset, id_field: str | None) -> None:
    target = spec.target
    if isinstance(target, SalesforceTarget) and target.external_id is None and id_field is None:
        raise Refused(
            f"The dataset {dataset.name} has no field Id or Record_ID that says which {target.object} a row is about: "
            "give the target an external_id that is a field of the dataset."
        )


def _source(spec: BatchSpec) -> CrmAnalyticsSource:
    return cast(CrmAnalyticsSource, spec.source)
