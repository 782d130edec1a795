"""HubSpot as a target: one verdict per result, and a pause where the day's calls are used up."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence

from shared.bus import Parked
from shared.crm.hubspot import DAILY, HubSpotSession
from shared.crm.hubspot_paths import plural
from shared.errors import Retryable

from writer_svc.domain.holds import Holds, NoHolds
from writer_svc.domain.hubspot_rows import hubspot_target
from writer_svc.domain.plans import plan_key
from writer_svc.domain.target import Planned
from writer_svc.domain.turns import Turns
from writer_svc.domain.verdicts import failed
from writer_svc.targets.hubspot.removing import archived
from writer_svc.targets.hubspot.writing import Told, Writing


class HubSpot:
    """Updates by record id, or upserts by a unique property; companies first, associations last."""

    does_io = True

    def __init__(
        self,
        session: HubSpotSession | None,
        *,
        holds: Holds | None = None,
        parallel: int = 4,
        clock: Callable[[], float] = time.time,
        turns: Turns | None = None,
    ) -> None:
        self._session = session
        self._holds: Holds = holds or NoHolds()
        self._writing = Writing(session, self._holds, clock, turns) if session is not None else None
        self._places: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(parallel))

    async def write(self, results: Sequence[Planned]) -> AsyncIterator[Told]:
        """Results of one object. Raises `Retryable` for what could not be sent, `Parked` where the batch waits."""
        if self._writing is None:
            for result, _ in results:
                yield result, failed("NOT_CONFIGURED", "HubSpot is not configured for the writer.", category="auth")
            return
        try:
            async with self._places[plural(hubspot_target(results[0][1]).object)]:
                # Before the others: where a deleted record and a new one have the same key, the new one stays.
                for told in await self._archived(results):
                    yield told
                if rest := [planned for planned in results if not planned[0].deleted]:
                    async for told in self._writing.write(rest):
                        yield told
        except Retryable as limited:
            if limited.code != DAILY:
                raise
            # Held with the offsets open: the retry topics end long before the day does.
            batches = list(dict.fromkeys(result.batch_id for result, _ in results))
            await self._holds.wait_for_room(batches, f"{limited}. The batch goes on by itself after midnight there.")
            raise Parked(plan_key(batches[0])) from limited

    async def _archived(self, results: Sequence[Planned]) -> list[Told]:
        deleted = [result for result, _ in results if result.deleted]
        if not deleted or self._session is None:
            return []
        return await archived(self._session, hubspot_target(results[0][1]), deleted)
