"""Sends one upload, part by part, and waits for its end. Every step is safe to repeat by whoever has the lease next."""

from __future__ import annotations

import asyncio
import gzip
import io
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from shared.crm.analytics_uploads import PART_BYTES, ExternalData
from shared.crm.refusals import SalesforceRefused
from shared.errors import Retryable
from shared.events import RecordGenerated
from shared.telemetry import get_logger

from writer_svc.domain.structured_response import HEADER, LABEL, csv_text, lines_of, metadata
from writer_svc.domain.uploads import DELETED, DatasetUpload, Kept, Uploads, quotable, verdict_of
from writer_svc.domain.verdicts import Verdict, failed

POLL_S = (0.2, 10.0)
"""The first wait between two looks at an upload, and the longest; each is half as long again as the one before."""

SLOW_S = 3_600.0
"""An upload that takes longer is worth a line in the log, each time it lasts as long again."""

Told = Sequence[tuple[RecordGenerated, Verdict]]


@dataclass(frozen=True)
class UploadMeans:
    """What a run needs besides the upload."""

    external: ExternalData
    store: Uploads
    tell: Callable[[Told], Awaitable[None]]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    container: str | None = None
    """App that a new dataset is created in; None: the user's private one."""
    part_bytes: int = PART_BYTES


class UploadRun:
    """From answers that were given to an upload to a verdict on each of them."""

    def __init__(self, means: UploadMeans, fence: int) -> None:
        self._means = means
        self._external = means.external
        self._store = means.store
        self._fence = fence

    async def run(self, upload: DatasetUpload) -> None:
        """Raises `LeaseLost`, `Retryable` and `Fatal`; whatever was done stays done."""
        try:
            if upload.phase == "sending":
                upload = await self._send(upload)
            status, message = await self._end_of(upload)
            verdict = verdict_of(status, await self._quotable(upload, message), upload.crm_id or "")
        except SalesforceRefused as refused:
            status, message = refused.code or "REFUSED", None
            verdict = failed(status, f"CRM Analytics refuses the upload ({status}): no row of it is in the dataset.")
        async for page in self._store.answers(upload):
            await self._means.tell([(kept.result, verdict) for kept in page])
        await self._store.move(upload, self._fence, phase="ended", status=status[:40], message=verdict.reason)
        get_logger().info("dataset_upload_ended", upload=upload.id, status=status, records=upload.records)

    async def _send(self, upload: DatasetUpload) -> DatasetUpload:
        # Whoever has lost the lease stops here, before there is a header that nobody wants.
        upload = await self._store.move(upload, self._fence, phase="sending")
        content = await self._content(upload)
        upload = await self._header(upload, content)
        crm_id = str(upload.crm_id)
        known = await self._external.get(crm_id)
        if known is not None and known.status != "New":
            # The order to process was given; only the answer to it was lost.
            return await self._store.move(upload, self._fence, phase="processing")
        parts = [content[at : at + self._means.part_bytes] for at in range(0, len(content), self._means.part_bytes)]
        arrived = await self._external.parts(crm_id)
        for number, part in enumerate(parts, start=1):
            if number not in arrived:
                await self._external.add_part(crm_id, number, part)
        arrived = await self._external.parts(crm_id)
        if arrived != list(range(1, len(parts) + 1)):
            # A part whose answer was lost came after it was sent again: this header can never be processed rightly.
            await self._store.move(upload, self._fence, crm_id=None, edition=_edition(content, upload.edition))
            raise Retryable("the parts of a dataset upload did not arrive as sent", category="crm", code="PARTS_DIFFER")
        await self._external.process(crm_id)
        return await self._store.move(upload, self._fence, phase="processing")

    async def _header(self, upload: DatasetUpload, content: bytes) -> DatasetUpload:
        """The upload with the id of its header: the one that is known, or was left behind, or a new one.

        The id is stored before any part is sent. So whoever has lost the lease may leave a header without an order to
        process behind, and never loads anything twice.
        """
        edition = upload.edition or _edition(content, None)
        if not edition.startswith(_digest(content)):
            # The content was packed in another way (another version of a library): its parts do not fit together.
            edition, upload = _edition(content, None), await self._store.move(upload, self._fence, crm_id=None)
        if upload.crm_id is not None:
            if await self._external.get(upload.crm_id) is not None:
                return upload
            edition = _edition(content, upload.edition)
        mark = f"Recordsmith upload {upload.id} {edition}"
        found = await self._external.find(mark)
        if found:
            crm_id = found[0].id
        else:
            crm_id = await self._external.create(
                upload.dataset, label=LABEL, mark=mark, metadata=metadata(), container=self._means.container
            )
        return await self._store.move(upload, self._fence, crm_id=crm_id, edition=edition)

    async def _content(self, upload: DatasetUpload) -> bytes:
        packed = io.BytesIO()
        # Without a time or a name in it, so that the same answers are the same bytes.
        with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as file:
            file.write(csv_text([HEADER]).encode())
            async for page in self._store.answers(upload):
                file.write(await asyncio.to_thread(_csv, page))
        return packed.getvalue()

    async def _end_of(self, upload: DatasetUpload) -> tuple[str, str | None]:
        wait_s, waited_s, slow_s = POLL_S[0], 0.0, SLOW_S
        while True:
            known = await self._external.get(str(upload.crm_id))
            if known is None:
                return DELETED, None
            if known.ended:
                return known.status, known.message
            if waited_s >= slow_s:
                get_logger().warning("dataset_upload_slow", upload=upload.id, status=known.status, seconds=waited_s)
                slow_s *= 2
            await self._means.sleep(wait_s)
            waited_s, wait_s = waited_s + wait_s, min(wait_s * 1.5, POLL_S[1])

    async def _quotable(self, upload: DatasetUpload, message: str | None) -> str | None:
        if message:
            async for page in self._store.answers(upload):
                message = quotable(message, [kept.result for kept in page])
        return message


def _csv(page: Sequence[Kept]) -> bytes:
    return csv_text(line for kept in page for line in lines_of(kept.result, kept.batch_name)).encode()


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:32]


def _edition(content: bytes, before: str | None) -> str:
    """A name of the content and of the try: a header of an earlier one is not found by it."""
    tries = int(before.rpartition("-")[2]) if before else 0
    return f"{_digest(content)}-{tries + 1}"
