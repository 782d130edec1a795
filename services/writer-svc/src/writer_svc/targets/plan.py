"""Batches that are planned first: compared with the CRM, kept, and told as a diff; written only when applied."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from shared.events import Change, RecordGenerated

from writer_svc.domain.planning import Planner, PlanRow, PlanStore
from writer_svc.domain.target import Planned
from writer_svc.domain.verdicts import Verdict, failed


class Plan:
    """For any target that has a planner."""

    does_io = True

    def __init__(self, planners: Mapping[str, Planner], store: PlanStore | None) -> None:
        self._planners = planners
        self._store = store

    async def write(self, results: Sequence[Planned]) -> AsyncIterator[tuple[RecordGenerated, Verdict]]:
        """A verdict `generated` with the change, or `failed` for what could never be written."""
        target = results[0][1].target
        planner = self._planners.get(target.kind)
        if planner is None or self._store is None:
            for result, _ in results:
                yield result, failed("UNSUPPORTED_TARGET", f"Batches for {target.kind} cannot be planned here.")
            return
        rows: dict[str, list[PlanRow]] = {}
        plans = {result.batch_id: plan for result, plan in results}
        for result, looked in await planner.look(results):
            if isinstance(looked, PlanRow):
                rows.setdefault(result.batch_id, []).append(looked)
            else:
                yield result, replace(looked, change=Change(action="refused"))
        given = {(result.batch_id, result.index): result for result, _ in results}
        for batch_id, some in rows.items():
            for row in await self._store.keep(batch_id, plans[batch_id].target, some):
                verdict = Verdict("generated", crm_id=row.crm_id, change=row.change())
                yield given[batch_id, row.result.index], verdict
