"""Planning in HubSpot: what records would become, and what they would belong to, without changing anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.crm.hubspot import HubSpotSession
from shared.crm.hubspot_paths import plural
from shared.errors import Rejected
from shared.events import BatchPlan, RecordGenerated

from writer_svc.domain.coercion import Unfit
from writer_svc.domain.hubspot_answers import DRIFT
from writer_svc.domain.hubspot_links import Link
from writer_svc.domain.hubspot_rows import HubSpotRow, Schemas, UnknownOptions, hubspot_target, row_of
from writer_svc.domain.planning import Looked, PlanRow, Values, plan_row
from writer_svc.domain.verdicts import Verdict, failed
from writer_svc.targets.hubspot.bonds import COMPANIES, Bonds
from writer_svc.targets.hubspot.companies import Companies, parent_of
from writer_svc.targets.hubspot.linking import Resolved, resolved
from writer_svc.targets.hubspot.portal import Portal
from writer_svc.targets.hubspot.reading import as_kept, values_of

MISSING = "The record was deleted, archived or merged into another."


@dataclass(frozen=True)
class Looking:
    """At one portal. Properties of ours and options that it lacks are taken as there: applying creates them."""

    session: HubSpotSession
    portal: Portal
    companies: Companies
    bonds: Bonds
    clock: Callable[[], float]

    async def look(self, results: Sequence[tuple[RecordGenerated, BatchPlan]]) -> list[Looked]:
        """A row of the plan per result, or why it is refused."""
        object_type = plural(hubspot_target(results[0][1]).object)
        try:
            schemas = await self._schemas(object_type, refresh=False)
            first = self._rows(results, schemas, new_options=False)
            if any(isinstance(row, Verdict) and row.code in DRIFT for row in first):
                # A property or an option that is not known may have been added since.
                schemas = await self._schemas(object_type, refresh=True)
        except Rejected as refused:
            return [(result, failed(refused.code or "REFUSED", str(refused))) for result, _ in results]
        looked: list[Looked] = []
        rows: list[HubSpotRow] = []
        for (result, _), row in zip(results, self._rows(results, schemas, new_options=True), strict=True):
            if isinstance(row, HubSpotRow):
                rows.append(row)
            else:
                looked.append((result, row))
        links = await resolved(self.session, [link for row in rows for link in row.links])
        told, whole = _with_ends(rows, links)
        compared = await self._compared(whole)
        known = [(row, plan) for row, plan in compared if isinstance(plan, PlanRow)]
        looked += told + [(row.result, plan) for row, plan in compared if isinstance(plan, Verdict)]
        return looked + await self._related(object_type, known, links)

    async def _schemas(self, object_type: str, *, refresh: bool) -> Schemas:
        return {name: await self.portal.expected(name, refresh=refresh) for name in {object_type, COMPANIES}}

    def _rows(
        self, results: Sequence[tuple[RecordGenerated, BatchPlan]], schemas: Schemas, *, new_options: bool
    ) -> list[HubSpotRow | Verdict]:
        now = datetime.fromtimestamp(self.clock(), UTC)
        rows: list[HubSpotRow | Verdict] = []
        for result, plan in results:
            try:
                rows.append((_row_of if new_options else row_of)(result, plan, schemas, now))
            except Unfit as unfit:
                rows.append(failed(unfit.code or "UNFIT", str(unfit)))
        return rows

    async def _compared(self, rows: Sequence[HubSpotRow]) -> list[tuple[HubSpotRow, PlanRow | Verdict]]:
        compared: list[tuple[HubSpotRow, PlanRow | Verdict]] = []
        for by_key in (True, False):
            some = [row for row in rows if (row.record.id_property is not None) is by_key]
            if not some:
                continue
            first = some[0].record
            wanted = [(row.record.key, row.record.properties) for row in some]
            found = await values_of(self.session, first.object_type, first.id_property, wanted)
            for row in some:
                current = found.get(row.record.folded)
                gone = current is None and not by_key
                compared.append((row, failed("OBJECT_NOT_FOUND", MISSING) if gone else _planned(row, current)))
        return compared

    async def _related(
        self, object_type: str, rows: Sequence[tuple[HubSpotRow, PlanRow]], links: Resolved
    ) -> list[Looked]:
        there = await self.companies.now(row.company for row, _ in rows if row.company is not None)
        related = [
            (
                plan,
                parent_of(row.company, there.get(row.company.folded)) if row.company is not None else None,
                [(link.object_type, links.ids[link]) for link in row.links],
            )
            for row, plan in rows
        ]
        return [(plan.result, plan) for plan in await self.bonds.lacking(object_type, related)]


def _row_of(result: RecordGenerated, plan: BatchPlan, schemas: Schemas, now: datetime) -> HubSpotRow:
    """The row, with answers as options where the batch lets them become some. Raises `Unfit`."""
    for _ in schemas:
        try:
            return row_of(result, plan, schemas, now)
        except UnknownOptions as unknown:
            if not hubspot_target(plan).add_options:
                raise
            # Those of the contact are told before those of its company.
            told = [(one.name, one.label) for one in unknown.unknown]
            schemas = {**schemas, unknown.object_type: schemas[unknown.object_type].with_options(told)}
    return row_of(result, plan, schemas, now)


def _planned(row: HubSpotRow, current: Values | None) -> PlanRow:
    crm_id = str(current["hs_object_id"]) if current else None
    return plan_row(row.told(), row.record.key, as_kept(row.record.properties), current, crm_id)


def _with_ends(rows: Sequence[HubSpotRow], links: Resolved) -> tuple[list[Looked], list[HubSpotRow]]:
    """Refusals of rows that belong to a record which is not there, and the other rows."""
    told: list[Looked] = []
    whole: list[HubSpotRow] = []
    for row in rows:
        missing = next((link for link in row.links if link not in links.ids), None)
        if missing is None:
            whole.append(row)
        else:
            told.append((row.result, failed("ASSOCIATED_RECORD_NOT_FOUND", _no_such(missing))))
    return told, whole


def _no_such(link: Link) -> str:
    if link.id_property is None:
        return f"There is no such record of {link.object_type}."
    return f"There is no record of {link.object_type} with this {link.id_property} yet: apply what makes it first."
