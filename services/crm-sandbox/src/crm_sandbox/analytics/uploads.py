"""The External Data API: a header, its parts, and what becomes of them after Action=Process.

How a real org words its refusals could not be observed: codes and texts here are assumed.
"""

import base64
import binascii
from typing import Any

from crm_sandbox.analytics.datasets import Datasets, checked_alias
from crm_sandbox.analytics.file_format import FileFormat, LoadError, parsed
from crm_sandbox.analytics.file_rows import Loaded, load
from crm_sandbox.analytics.operations import applied
from crm_sandbox.analytics.switches import UPLOAD_SECONDS, UPLOADS_A_DAY
from crm_sandbox.clock import Clock
from crm_sandbox.foreign import Json
from crm_sandbox.salesforce.errors import RecordError, RequestError
from crm_sandbox.store import Store
from crm_sandbox.switch import Turned

HEADER, PART = "InsightsExternalData", "InsightsExternalDataPart"
LARGEST_PART = 10_000_000
DAY_S = 86_400.0

# How a fault may let an upload end (`code` of a fault on the PATCH that says Process).
ENDS = ("CompletedWithWarnings", "Failed", "NotProcessed", "Aborted")
_FINISHED = ("Completed", *ENDS)


class Uploads:
    def __init__(self, store: Store, clock: Clock, switches: Turned, datasets: Datasets) -> None:
        self._db = store.writer
        self._store = store
        self._clock = clock
        self._switches = switches
        self._datasets = datasets
        self._working = True  # after a restart there may be some

    def refuse_edit(self, upload_id: str) -> None:
        """After the order to process nothing can be changed."""
        row = self._header(upload_id, "Action")
        if row is not None and row["Action"] != "None":
            raise RecordError("INSUFFICIENT_ACCESS_OR_READONLY", "the upload is being processed: no edits are allowed")

    def refuse_part(self, body: dict[str, Json]) -> int:
        """Check a new part; its length in bytes."""
        upload_id, number = body.get("InsightsExternalDataId"), body.get("PartNumber")
        if isinstance(upload_id, str):
            self.refuse_edit(upload_id)
            if number in self._numbers(upload_id):
                raise RecordError("DUPLICATE_VALUE", f"duplicate value found: PartNumber {number} is there already")
        if not isinstance(number, int) or number < 1:
            raise RecordError("FIELD_INTEGRITY_EXCEPTION", "Part Number: numbers begin with 1", ["PartNumber"])
        size = len(decoded("DataFile", body.get("DataFile")))
        if size > LARGEST_PART:
            message = f"Data File: a part is smaller than 10 MB, this one has {size} bytes"
            raise RecordError("FIELD_INTEGRITY_EXCEPTION", message, ["DataFile"])
        return size

    def process(self, upload_id: str, ends: str | None) -> None:
        """Queue the upload; how it ends may have been ordered."""
        row = self._header(upload_id, "EdgemartAlias")
        if row is None:
            raise RequestError("NOT_FOUND", "The requested resource does not exist")
        self._refuse_gap(upload_id)
        self._refuse_many(row["EdgemartAlias"])
        self._set(upload_id, Action="Process", Status="Queued", SubmittedDate=self._clock.stamp())
        values = (upload_id, row["EdgemartAlias"], self._clock.now(), ends)
        self._db.execute("INSERT INTO an_uploads (id, dataset, submitted, ends) VALUES (?, ?, ?, ?)", values)
        self._working = True

    def work(self) -> None:
        """Bring every upload as far as the org's clock says; called between calls, on the thread that writes."""
        if not self._working:
            return
        sql = "SELECT id, submitted, ends FROM an_uploads WHERE finished = 0 ORDER BY submitted"
        unfinished = self._db.execute(sql).fetchall()
        self._working = bool(unfinished)
        lasts = self._switches.number(UPLOAD_SECONDS)
        for upload_id, submitted, ends in unfinished:
            age = self._clock.now() - submitted
            if age >= lasts:
                self._finish(upload_id, ends)
            elif age >= lasts / 3:
                self._set(upload_id, Status="InProgress")

    def _finish(self, upload_id: str, ends: str | None) -> None:
        with self._store.transaction() as db:
            status, message = self._loaded(upload_id, ends)
            self._set(upload_id, Status=status, StatusMessage=message and message[:255], EndDate=self._clock.stamp())
            db.execute("UPDATE an_uploads SET finished = 1 WHERE id = ?", (upload_id,))

    def _loaded(self, upload_id: str, ends: str | None) -> tuple[str, str | None]:
        if ends is not None and ends != "CompletedWithWarnings":
            return ends, f"The upload ended as {ends}, as a fault of this sandbox ordered"
        header = self._header(upload_id, "EdgemartAlias", "EdgemartLabel", "EdgemartContainer", "Operation",
                              "MetadataJson")  # fmt: skip
        try:
            loaded = load(self._content(upload_id), self._format(header))
            if ends is not None:
                del loaded.rows[1:2]
                loaded.refuse("row 2: refused by a fault of this sandbox")
            if not loaded.rows and loaded.refused:
                raise LoadError(f"All rows were rejected; {loaded.first_refusal}")
            name = checked_alias(header["EdgemartAlias"])
            dataset = self._datasets.ensure(name, header["EdgemartLabel"] or name, header["EdgemartContainer"])
            applied(header["Operation"], self._datasets, dataset, loaded)
        except LoadError as error:
            return "Failed", str(error)
        return _verdict(loaded)

    def _format(self, header: Any) -> FileFormat | None:
        text = header["MetadataJson"]
        return parsed(decoded("MetadataJson", text)) if text else None

    def _content(self, upload_id: str) -> bytes:
        sql = (
            f'SELECT "DataFile" FROM "sf_{PART}" WHERE "InsightsExternalDataId" = ? AND "IsDeleted" = 0 '
            'ORDER BY "PartNumber"'
        )
        return b"".join(base64.b64decode(text or "") for (text,) in self._db.execute(sql, (upload_id,)))

    def _numbers(self, upload_id: str) -> list[int]:
        sql = f'SELECT "PartNumber" FROM "sf_{PART}" WHERE "InsightsExternalDataId" = ? AND "IsDeleted" = 0 ORDER BY 1'
        return [number for (number,) in self._db.execute(sql, (upload_id,))]

    def _refuse_gap(self, upload_id: str) -> None:
        numbers = self._numbers(upload_id)
        if not numbers:
            raise RecordError("FIELD_INTEGRITY_EXCEPTION", "there are no parts to process")
        if numbers != list(range(1, len(numbers) + 1)):
            missing = next(number for number in range(1, numbers[-1] + 1) if numbers.count(number) != 1)
            raise RecordError("FIELD_INTEGRITY_EXCEPTION", f"part numbers go from 1 without a gap; see part {missing}")

    def _refuse_many(self, dataset: str) -> None:
        most = int(self._switches.number(UPLOADS_A_DAY))
        sql = "SELECT count(*) FROM an_uploads WHERE dataset = ? COLLATE NOCASE AND submitted > ?"
        if self._db.execute(sql, (dataset, self._clock.now() - DAY_S)).fetchone()[0] >= most:
            message = f"the dataset {dataset} had {most} uploads in the last 24 hours"
            raise RequestError("LIMIT_EXCEEDED", message, status=403)

    def _header(self, upload_id: str, *names: str) -> Any:
        columns = ", ".join(f'"{name}"' for name in names)
        sql = f'SELECT {columns} FROM "sf_{HEADER}" WHERE "Id" = ? AND "IsDeleted" = 0'
        row = self._db.execute(sql, (upload_id,)).fetchone()
        return None if row is None else dict(zip(names, row, strict=True))

    def _set(self, upload_id: str, **columns: str | None) -> None:
        columns["LastModifiedDate"] = columns["SystemModstamp"] = self._clock.stamp()
        settings = ", ".join(f'"{name}" = ?' for name in columns)
        self._db.execute(f'UPDATE "sf_{HEADER}" SET {settings} WHERE "Id" = ?', (*columns.values(), upload_id))


def decoded(name: str, value: Json) -> bytes:
    """The bytes of a base64 field; JSON_PARSER_ERROR where it is none."""
    try:
        if not isinstance(value, str):
            raise ValueError(name)
        return base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error) as error:
        raise RequestError("JSON_PARSER_ERROR", f"{name}: value not of required type: base64") from error


def _verdict(loaded: Loaded) -> tuple[str, str | None]:
    if loaded.refused:
        return "CompletedWithWarnings", f"{loaded.refused} rows were rejected; {loaded.first_refusal}"
    return "Completed", None
