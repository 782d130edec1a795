"""The External Data API over a Salesforce session: a header, parts of one file, the order to process, the end."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Literal

from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import SalesforceSession
from shared.crm.soql import quoted

HEADER, PART = "InsightsExternalData", "InsightsExternalDataPart"

PART_BYTES = 8 * 1024 * 1024
"""Of a part before base64. Salesforce takes less than 10 MB; its own tool cuts at 8."""

UNFINISHED = frozenset({"New", "Queued", "InProgress"})

Operation = Literal["Append", "Overwrite", "Upsert", "Delete"]


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload as the org knows it."""

    id: str
    status: str
    message: str | None
    """The org's own words on how it ended; they may quote a value."""

    @property
    def ended(self) -> bool:
        """Nothing more will happen."""
        return self.status not in UNFINISHED


class ExternalData:
    """Uploads. Raises what the session raises; a lost answer is `Retryable`, with the change made or not."""

    def __init__(self, session: SalesforceSession) -> None:
        self._session = session

    async def create(
        self,
        dataset: str,
        *,
        label: str,
        mark: str,
        metadata: bytes,
        operation: Operation = "Append",
        container: str | None = None,
    ) -> str:
        """Begin an upload; its id. `mark` is how `find` knows it again."""
        body = {
            "EdgemartAlias": dataset,
            "EdgemartLabel": label,
            "FileName": f"{dataset}.csv.gz",
            "Format": "Csv",
            "Operation": operation,
            "Action": "None",
            "NotificationSent": "Never",
            "Description": mark,
            "MetadataJson": base64.b64encode(metadata).decode(),
        }
        if container:
            body["EdgemartContainer"] = container
        created = await self._session.post(f"sobjects/{HEADER}", body, operation="upload_create")
        return str(created["id"])

    async def find(self, mark: str) -> list[Upload]:
        """Uploads with this mark, oldest first: what an answer that was lost may have left behind."""
        # `Description` can be filtered by: object reference, InsightsExternalData.
        return await self._query(f"Description = {quoted(mark)}")

    async def get(self, upload_id: str) -> Upload | None:
        """The upload as it stands; None where it was deleted."""
        found = await self._query(f"Id = {quoted(upload_id)}")
        return found[0] if found else None

    async def parts(self, upload_id: str) -> list[int]:
        """Numbers of the parts that arrived, ascending."""
        soql = (
            f"SELECT Id, PartNumber FROM {PART} WHERE InsightsExternalDataId = {quoted(upload_id)} "  # noqa: S608
            "ORDER BY PartNumber"
        )
        return [int(row["PartNumber"]) async for page in self._session.query(soql) for row in page]

    async def add_part(self, upload_id: str, number: int, content: bytes) -> None:
        """Send part `number`, counted from 1."""
        data = base64.b64encode(content).decode()
        body = {"InsightsExternalDataId": upload_id, "PartNumber": number, "DataFile": data}
        await self._session.post(f"sobjects/{PART}", body, operation="upload_part")

    async def process(self, upload_id: str) -> None:
        """All parts are there: load them. An upload that was ordered before stays as it is."""
        order = {"Action": "Process"}
        try:
            await self._session.patch(f"sobjects/{HEADER}/{upload_id}", order, operation="upload_process")
        except SalesforceRefused:
            # The answer to the first order may have been lost, and a second one is refused.
            known = await self.get(upload_id)
            if known is None or known.status == "New":
                raise

    async def _query(self, condition: str) -> list[Upload]:
        # What stands in the condition was quoted.
        soql = f"SELECT Id, Status, StatusMessage FROM {HEADER} WHERE {condition} ORDER BY CreatedDate, Id"  # noqa: S608
        return [
            Upload(row["Id"], row["Status"], row.get("StatusMessage"))
            async for page in self._session.query(soql)
            for row in page
        ]
