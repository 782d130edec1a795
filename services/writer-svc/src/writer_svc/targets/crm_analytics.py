"""Keeps answers for the dataset Structured_Response; they are uploaded together, for the dataset takes 50 a day."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from shared.crm.salesforce import SalesforceSession
from shared.events import RecordGenerated

from writer_svc.domain.coercion import Unfit
from writer_svc.domain.structured_response import DATASET, lines_of
from writer_svc.domain.target import Planned
from writer_svc.domain.uploads import Keeping, Kept
from writer_svc.domain.verdicts import Verdict, failed


class CrmAnalytics:
    """An answer that fits is durable when `write` ends; its verdict comes when its upload was loaded."""

    does_io = True

    def __init__(self, session: SalesforceSession | None, keeping: Keeping | None) -> None:
        self._session = session
        self._keeping = keeping

    async def write(self, results: Sequence[Planned]) -> AsyncIterator[tuple[RecordGenerated, Verdict]]:
        """Verdicts on answers that the dataset would not take; the others are told later."""
        if self._session is None or self._keeping is None:
            for result, _ in results:
                yield result, failed("NOT_CONFIGURED", "Salesforce is not configured for the writer.", category="auth")
            return
        kept: list[Kept] = []
        for result, plan in results:
            try:
                lines_of(result, plan.name)
            except Unfit as unfit:
                yield result, failed(unfit.code or "UNFIT", str(unfit))
                continue
            kept.append(Kept(result, plan.name))
        await self._keeping.keep(DATASET, kept)
