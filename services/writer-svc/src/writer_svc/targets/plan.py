"""Batches that are planned first: compared with the CRM, kept, and told as a diff; written only when applied."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from shared.bus import Parked
from shared.crm.budget import SPENT
from shared.crm.hubspot import DAILY
from shared.errors import Retryable
from shared.events import Change, RecordGenerated

from writer_svc.domain.holds import Holds, NoHolds
from writer_svc.domain.planning import Looked, Planner, PlanRow, PlanStore
from writer_svc.domain.plans import plan_key
from writer_svc.domain.target import Planned
from writer_svc.domain.verdicts import Verdict, failed

_OF_THE_DAY = frozenset({DAILY, SPENT})


class Plan:
    """For any target that has a planner."""

    does_io = True

    def __init__(self, planners: Mapping[str, Planner], store: PlanStore | None, *, holds: Holds | None = None) -> None:
        self._planners = planners
        self._store = store
        self._holds: Holds = holds or NoHolds()

    async def write(self, results: Sequence[Planned]) -> AsyncIterator[tuple[RecordGenerated, Verdict]]:
        """A verdict `generated` with the change, or `failed` for what could never be written.

        Raises `Parked` where the CRM's calls of the day are used up: the batch waits for the next day.
        """
        target = results[0][1].target
        planner = self._planners.get(target.kind)
        if planner is None or self._store is None:
            for result, _ in results:
                yield result, failed("UNSUPPORTED_TARGET", f"Batches for {target.kind} cannot be planned here.")
            return
        rows: dict[str, list[PlanRow]] = {}
        plans = {result.batch_id: plan for result, plan in results}
        for result, looked in await self._looked(planner, results):
            if isinstance(looked, PlanRow):
                rows.setdefault(result.batch_id, []).append(looked)
            else:
                yield result, looked._replace(change=Change(action="refused"))
        given = {(result.batch_id, result.index): result for result, _ in results}
        for batch_id, some in rows.items():
            for row in await self._store.keep(batch_id, plans[batch_id].target, some):
                verdict = Verdict("generated", crm_id=row.crm_id, change=row.change())
                yield given[batch_id, row.result.index], verdict

    async def _looked(self, planner: Planner, results: Sequence[Planned]) -> list[Looked]:
        try:
            return await planner.look(results)
        except Retryable as limited:
            if limited.code not in _OF_THE_DAY:
                raise
            # Held with the offsets open: the retry topics end long before the day does.
            batches = list(dict.fromkeys(result.batch_id for result, _ in results))
            await self._holds.wait_for_room(
                batches, f"{limited}. The batch goes on by itself when there is room again."
            )
            raise Parked(plan_key(batches[0])) from limited
