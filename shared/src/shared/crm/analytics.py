"""CRM Analytics over a Salesforce session: which datasets there are, their fields, and all of their rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from shared.crm import saql
from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import SalesforceSession
from shared.errors import Retryable

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset as it was when it was asked for."""

    id: str
    name: str
    label: str
    version_id: str | None
    """None before anything was loaded into it."""

    @property
    def reference(self) -> str:
        """`id/versionId`: the only form that SAQL over REST loads, and one that no later upload changes."""
        return f"{self.id}/{self.version_id}"


class Analytics:
    """Reads datasets. Raises what the session raises."""

    def __init__(self, session: SalesforceSession) -> None:
        self._session = session

    async def datasets(self) -> AsyncIterator[Dataset]:
        """All datasets that this user sees (S1-62)."""
        path: str | None = "wave/datasets?pageSize=200"
        while path:
            page = await self._session.get(path, operation="datasets")
            for body in page["datasets"]:
                yield _dataset(body)
            path = page.get("nextPageUrl")

    async def dataset(self, id_or_name: str) -> Dataset | None:
        """The dataset of this id or API name; None where there is none, or this user may not see it."""
        try:
            path = f"wave/datasets/{quote(id_or_name, safe='')}"
            return _dataset(await self._session.get(path, operation="dataset"))
        except SalesforceRefused as refused:
            if refused.status == 404:
                return None
            raise

    async def fields(self, dataset: Dataset) -> tuple[str, ...]:
        """Names of the dataset's fields: what its main XMD lists, for a dataset has no describe."""
        path = f"wave/datasets/{dataset.id}/versions/{dataset.version_id}/xmds/main"
        xmd = await self._session.get(path, operation="xmd")
        found = [one["field"] for kind in ("dimensions", "measures") for one in xmd.get(kind) or []]
        dates = [one.get("fields") or {} for one in xmd.get("dates") or []]
        found += [columns["fullField"] for columns in dates if columns.get("fullField")]
        return tuple(dict.fromkeys(found))

    async def pages(
        self, dataset: Dataset, fields: Sequence[str], *, size: int = saql.PAGE
    ) -> AsyncIterator[list[Row]]:
        """All rows of the dataset's version, page by page; a field without a value is absent.

        Raises `Retryable` where fewer or more rows came than the version has: a dataset read by half is never used.
        """
        expected = await self.count(dataset)
        read = 0
        while read < expected:
            rows = await self._query(saql.page(dataset.reference, fields, offset=read, limit=size))
            read += len(rows)
            if not rows:
                break
            yield rows
        if read != expected:
            raise Retryable(
                f"CRM Analytics gave {read} of the dataset's {expected} rows", category="crm", code="ROWS_MISSING"
            )

    async def count(self, dataset: Dataset) -> int:
        """Rows of the dataset's version."""
        rows = await self._query(saql.count(dataset.reference))
        return int(rows[0]["rows"]) if rows else 0

    async def _query(self, query: str) -> list[Row]:
        answer = await self._session.post("wave/query", {"query": query}, repeat=True, operation="saql")
        rows: list[Row] = answer["results"]["records"]
        return rows


def _dataset(body: dict[str, Any]) -> Dataset:
    return Dataset(body["id"], body["name"], body.get("label") or body["name"], body.get("currentVersionId"))
