"""Plan, apply and undo in HubSpot, for records that stand alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from shared.crm import simcrm, uniqueness
from shared.crm.hubspot import BATCH, HubSpotSession
from shared.crm.hubspot_paths import plural
from shared.crm.hubspot_refusals import HubSpotRefused
from shared.errors import Rejected
from shared.events import BatchPlan, HubSpotTarget, RecordGenerated
from shared.events.spec import Target as TargetSpec

from writer_svc.domain.coercion import Unfit
from writer_svc.domain.hubspot_answers import DRIFT, Written, refusal_of
from writer_svc.domain.hubspot_rows import (
    HubSpotRecord,
    HubSpotRow,
    Schemas,
    UnknownOptions,
    hubspot_target,
    row_of,
)
from writer_svc.domain.planning import FOUND, Done, Looked, PlanRow, Values, agrees, plan_row
from writer_svc.domain.verdicts import Verdict, failed
from writer_svc.targets.hubspot.portal import Portal
from writer_svc.targets.hubspot.sending import Sending

CHANGED = failed("CHANGED_MEANWHILE", "The record was edited after the plan was made; it is left as it is.")
GONE = failed("OBJECT_NOT_FOUND", "The record was deleted, archived or merged after the plan was made.")
UNCHANGED = Verdict("skipped", code="UNCHANGED", reason="The record already had these values.")
UNDONE = Verdict("cancelled", code="UNDONE", reason="The record has its earlier values again.")
NOT_ALONE = failed(
    "CANNOT_BE_PLANNED", "A record with a company or associations cannot be planned; run the batch without a plan."
)
NEW_OPTION = failed(
    "CANNOT_BE_PLANNED", "The answer would become a new option of its property; run the batch without a plan."
)
MISSING = "The record was deleted, archived or merged into another."
MORE_EMAILS = "hs_additional_emails"
"""HubSpot finds a contact by any of its addresses."""


class HubSpotPlanner:
    """Of one portal. Looking changes nothing there: properties of ours that lack are created by applying."""

    def __init__(self, session: HubSpotSession, clock: Callable[[], float]) -> None:
        self._session = session
        self._portal = Portal(session)
        self._clock = clock

    async def look(self, results: Sequence[tuple[RecordGenerated, BatchPlan]]) -> list[Looked]:
        """Compare with the portal as it is now."""
        object_type = plural(hubspot_target(results[0][1]).object)
        looked: list[Looked] = []
        rows: list[HubSpotRow] = []
        try:
            schemas = await self._schemas(object_type, refresh=False)
            if any(isinstance(row, Verdict) and row.code in DRIFT for row in self._rows(results, schemas)):
                # A property or an option that is not known may have been added since.
                schemas = await self._schemas(object_type, refresh=True)
        except Rejected as refused:
            return [(result, failed(refused.code or "REFUSED", str(refused))) for result, _ in results]
        for (result, _), row in zip(results, self._rows(results, schemas), strict=True):
            if isinstance(row, HubSpotRow):
                rows.append(row)
            else:
                looked.append((result, row))
        return looked + await self._compared(rows)

    async def apply(self, target: TargetSpec, rows: Sequence[PlanRow]) -> Done:
        """Update by id, create by key; each only where the portal is as the plan found it."""
        spec = _hubspot(target)
        object_type, id_property = plural(spec.object), spec.external_id or simcrm.EXTERNAL_ID
        await self._portal.schema(object_type)
        done: Done = [(row, UNCHANGED) for row in rows if row.action == "unchanged"]
        sent: dict[str, tuple[PlanRow, HubSpotRecord]] = {}
        for row, current in await self._now(spec, [row for row in rows if row.action != "unchanged"]):
            if row.before is not None and current is None:
                done.append((row, GONE))
            elif current is not None and agrees(current, row.body):
                # By a call of ours whose answer was lost, as a rule.
                code = FOUND if row.before is None and not _is_ours_alone(row) else None
                done.append((row, Verdict("written", crm_id=str(current["hs_object_id"]), code=code)))
            elif not agrees(current, row.before) or (place := (row.crm_id or row.key).strip().casefold()) in sent:
                # Or by an earlier record of the batch that writes the same one.
                done.append((row, CHANGED))
            elif row.crm_id is not None:
                sent[place] = row, HubSpotRecord(object_type, row.crm_id, None, dict(row.body))
            else:
                sent[place] = row, HubSpotRecord(object_type, row.key, id_property, dict(row.body))
        return done + await self._send(list(sent.values()))

    async def undo(self, target: TargetSpec, rows: Sequence[PlanRow]) -> Done:
        """Restore and archive, where nobody has edited the record since."""
        object_type = plural(_hubspot(target).object)
        done: Done = []
        back: list[tuple[PlanRow, HubSpotRecord]] = []
        created: list[PlanRow] = []
        for row, current in await self._now(_hubspot(target), rows):
            if current is None:
                done.append((row, UNDONE if row.before is None else GONE))
            elif not agrees(current, row.body):
                done.append((row, UNDONE if row.before is not None and agrees(current, row.before) else CHANGED))
            elif row.before is None:
                created.append(row)
            else:
                before = {name: value or "" for name, value in row.before.items()}
                back.append((row, HubSpotRecord(object_type, row.crm_id or "", None, before)))
        for row, verdict in await self._send(back):
            done.append((row, UNDONE if verdict.state == "written" else verdict))
        return done + await self._archive(object_type, created)

    async def _schemas(self, object_type: str, *, refresh: bool) -> Schemas:
        return {name: await self._portal.expected(name, refresh=refresh) for name in {object_type, "companies"}}

    def _rows(
        self, results: Sequence[tuple[RecordGenerated, BatchPlan]], schemas: Schemas
    ) -> list[HubSpotRow | Verdict]:
        """A row per result, or why there is none."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        rows: list[HubSpotRow | Verdict] = []
        for result, plan in results:
            try:
                row = row_of(result, plan, schemas, now)
            except Unfit as unfit:
                becomes = isinstance(unfit, UnknownOptions) and hubspot_target(plan).add_options
                rows.append(NEW_OPTION if becomes else failed(unfit.code or "UNFIT", str(unfit)))
            else:
                rows.append(NOT_ALONE if row.company is not None or row.links else row)
        return rows

    async def _compared(self, rows: Sequence[HubSpotRow]) -> list[Looked]:
        looked: list[Looked] = []
        for by_key in (True, False):
            some = [row for row in rows if (row.record.id_property is not None) is by_key]
            if not some:
                continue
            first = some[0].record
            wanted = [(row.record.key, row.record.properties) for row in some]
            found = await self._read(first.object_type, first.id_property, wanted)
            for row in some:
                current, body = found.get(row.record.folded), _as_kept(row.record.properties)
                if current is None and not by_key:
                    looked.append((row.result, failed("OBJECT_NOT_FOUND", MISSING)))
                else:
                    crm_id = str(current["hs_object_id"]) if current else None
                    looked.append((row.result, plan_row(row.told(), row.record.key, body, current, crm_id)))
        return looked

    async def _now(self, target: HubSpotTarget, rows: Sequence[PlanRow]) -> list[tuple[PlanRow, Values | None]]:
        """Each row with the record's values: by its id where it has one."""
        object_type = plural(target.object)
        known = [row for row in rows if row.crm_id is not None]
        new = [row for row in rows if row.crm_id is None]
        found = await self._read(object_type, None, [(row.crm_id or "", row.body) for row in known])
        key = target.external_id or simcrm.EXTERNAL_ID
        keyed = await self._read(object_type, key, [(row.key, row.body) for row in new])
        return [(row, found.get(row.crm_id or "")) for row in known] + [
            (row, keyed.get(row.key.strip().casefold())) for row in new
        ]

    async def _read(
        self, object_type: str, id_property: str | None, wanted: Sequence[tuple[str, Values]]
    ) -> dict[str, Values]:
        """Values by folded key. A key property that is not there yet finds nothing."""
        found: dict[str, Values] = {}
        names = list(dict.fromkeys(("hs_object_id", *(name for _, body in wanted for name in body))))
        if id_property is not None:
            names += [id_property, MORE_EMAILS] if id_property == "email" else [id_property]
            if id_property not in {one["name"] for one in await self._session.definitions(object_type)}:
                return found
        for start in range(0, len(wanted), BATCH):
            asked = list(dict.fromkeys(key for key, _ in wanted[start : start + BATCH]))
            for one in await self._session.read(object_type, asked, names, id_property=id_property):
                shown = {**(one.get("properties") or {}), "hs_object_id": one["id"]}
                keys = [shown[id_property or "hs_object_id"]]
                keys += str(shown.get(MORE_EMAILS) or "").split(";") if id_property == "email" else []
                found |= {str(key).strip().casefold(): shown for key in keys if key}
        return found

    async def _send(self, sent: Sequence[tuple[PlanRow, HubSpotRecord]]) -> Done:
        # A plan is done as it stands: a contact of somebody else's with this e-mail is not adopted.
        sending = Sending(self._session, drift_is_final=True, adopts=False)
        done: Done = []
        for by_key in (True, False):
            some = [pair for pair in sent if (pair[1].id_property is not None) is by_key]
            for start in range(0, len(some), BATCH):
                part = some[start : start + BATCH]
                for (row, _), outcome in zip(part, await sending.send([one for _, one in part]), strict=True):
                    if isinstance(outcome, Written):
                        # Made by somebody a moment before: undoing must not archive it.
                        code = FOUND if by_key and not (outcome.new or _is_ours_alone(row)) else None
                        done.append((row, Verdict("written", crm_id=outcome.crm_id, code=code)))
                    else:
                        done.append((row, outcome.verdict()))
        return done

    async def _archive(self, object_type: str, rows: Sequence[PlanRow]) -> Done:
        path = self._session.paths.objects(object_type, "batch", "archive")
        done: Done = []
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            try:
                await self._session.call(
                    "POST", path, {"inputs": [{"id": row.crm_id} for row in some]}, operation="archive"
                )
            except HubSpotRefused as refused:
                done += [(row, refusal_of(refused.body).verdict()) for row in some]
            else:
                done += [(row, UNDONE) for row in some]
        return done


def _as_kept(properties: dict[str, str]) -> dict[str, str]:
    """As HubSpot keeps and shows them: e-mails in lower case, nothing for blanks."""
    kept = {name: value if value.strip() else "" for name, value in properties.items()}
    return kept | {name: value.strip().lower() for name, value in kept.items() if name == "email"}


def _is_ours_alone(row: PlanRow) -> bool:
    """Whether the key names this record of this batch, so that nobody else can have made what carries it."""
    return row.key == uniqueness.external_id(row.result.batch_id, row.result.index)


def _hubspot(target: TargetSpec) -> HubSpotTarget:
    if not isinstance(target, HubSpotTarget):
        raise TypeError(f"a plan for {target.kind} is not one for HubSpot")
    return target
