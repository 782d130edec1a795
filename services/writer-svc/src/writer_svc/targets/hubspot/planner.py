"""Plan, apply and undo in HubSpot: records, the companies of contacts, and what they are associated with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from shared.crm import simcrm, uniqueness
from shared.crm.hubspot import BATCH, HubSpotSession
from shared.crm.hubspot_paths import plural
from shared.crm.hubspot_refusals import HubSpotRefused
from shared.events import BatchPlan, HubSpotTarget, RecordGenerated
from shared.events.spec import Target as TargetSpec

from writer_svc.domain.hubspot_answers import Written, refusal_of
from writer_svc.domain.hubspot_rows import HubSpotRecord, folded_key
from writer_svc.domain.planning import FOUND, Done, Looked, Parent, PlanRow, Values, agrees
from writer_svc.domain.turns import Turns
from writer_svc.domain.verdicts import Verdict, failed
from writer_svc.targets.hubspot.bonds import COMPANIES, Bonds
from writer_svc.targets.hubspot.companies import Companies
from writer_svc.targets.hubspot.looking import Looking
from writer_svc.targets.hubspot.portal import Portal
from writer_svc.targets.hubspot.reading import as_written, values_of
from writer_svc.targets.hubspot.sending import Sending

CHANGED = failed("CHANGED_MEANWHILE", "The record was edited after the plan was made; it is left as it is.")
GONE = failed("OBJECT_NOT_FOUND", "The record was deleted, archived or merged after the plan was made.")
UNCHANGED = Verdict("skipped", code="UNCHANGED", reason="The record already had these values.")
UNDONE = Verdict("cancelled", code="UNDONE", reason="What the batch did to the record is taken back.")
KEPT_COMPANY = UNDONE._replace(reason=f"{UNDONE.reason} Its company was edited since and is left as it is.")
KEPT_ASSOCIATIONS = failed(
    "ASSOCIATION_FAILED",
    "The record has its earlier values again, but HubSpot kept its associations.",
)


class HubSpotPlanner:
    """Of one portal. A record is applied whole, with its company and its associations, or not at all."""

    def __init__(self, session: HubSpotSession, clock: Callable[[], float], turns: Turns | None = None) -> None:
        self._session = session
        self._portal = Portal(session, turns)
        self._bonds = Bonds(session)
        self._companies = Companies(session, self._bonds)
        self._looking = Looking(session, self._portal, self._companies, self._bonds, clock)

    async def look(self, results: Sequence[tuple[RecordGenerated, BatchPlan]]) -> list[Looked]:
        """Compare with the portal as it is now."""
        return await self._looking.look(results)

    async def apply(self, target: TargetSpec, rows: Sequence[PlanRow]) -> Done:
        """Update by id, create by key; each only where the portal is as the plan found it."""
        spec = _hubspot(target)
        object_type = plural(spec.object)
        await self._prepare(spec, object_type, [row.body for row in rows])
        if parents := [row.parent.body for row in rows if row.parent is not None]:
            await self._prepare(spec, COMPANIES, parents)
        done: Done = [(row, UNCHANGED) for row in rows if row.action == "unchanged"]
        told, there, sent = _ready(spec, await self._now(spec, [row for row in rows if row.action != "unchanged"]))
        done += told
        missing = await self._bonds.missing_ends(row for row, _ in sent)
        for row, _ in sent:
            if (to := missing.get(row.result.index)) is not None:
                done.append((row, failed("ASSOCIATED_RECORD_NOT_FOUND", f"Its record of {to} was deleted since.")))
        sent = [pair for pair in sent if pair[0].result.index not in missing]
        return done + await self._write(object_type, there, sent)

    async def undo(self, target: TargetSpec, rows: Sequence[PlanRow]) -> Done:
        """Restore, archive and dissociate, where nobody has edited the record since."""
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
                back.append((row, HubSpotRecord(object_type, row.crm_id or "", None, as_written(row.before))))
        for row, verdict in await self._send(back):
            done.append((row, UNDONE if verdict.state == "written" else verdict))
        done += await self._archive(object_type, created)
        return await self._let_go(object_type, done)

    async def _prepare(self, spec: HubSpotTarget, object_type: str, bodies: Sequence[Values]) -> None:
        """What the plan takes as there: our properties, and answers that become options."""
        schema = await self._portal.schema(object_type)
        if spec.add_options:
            for name, labels in schema.options_lacking(bodies).items():
                await self._portal.add_options(object_type, name, labels, exactly=True)

    async def _write(
        self, object_type: str, there: Sequence[tuple[PlanRow, str]], sent: Sequence[tuple[PlanRow, HubSpotRecord]]
    ) -> Done:
        """Companies, then records (`there`: those that are written already), then their associations."""
        rows = [row for row, _ in (*there, *sent)]
        if not rows:
            return []
        batch_id = rows[0].result.batch_id
        wanted = [row.parent for row in rows if row.parent is not None]
        parents, refused, made = await self._companies.write(batch_id, wanted)
        done: Done = [(row, refused[row.parent.key]) for row in rows if row.parent and row.parent.key in refused]
        whole = [row for row in rows if not (row.parent and row.parent.key in refused)]
        records = {row.result.index: record for row, record in sent}
        told = await self._send([(row, records[row.result.index]) for row in whole if row.result.index in records])
        ids = {row.result.index: crm_id for row, crm_id in there}
        told += [(row, Verdict("written", crm_id=ids[row.result.index])) for row in whole if row.result.index in ids]
        told = await self._associated(object_type, _with(parents, told))
        kept = {row.parent.key for row, verdict in told if row.parent and verdict.state == "written"}
        lonely = [parents[key] for key in made - kept]
        # Without a contact of the batch they were not planned; a later page may still write them.
        ended, _ = await self._companies.take_back(batch_id, lonely)
        again = {key: replace(one, phase="planned", crm_id=_planned_id(one)) for key, one in ended.items()}
        return _with(parents | again, done + told)

    async def _associated(self, object_type: str, told: Done) -> Done:
        """What was written, associated; a record that cannot be is taken back, for undoing goes by written ones."""
        written = [(row, verdict.crm_id or "") for row, verdict in told if verdict.state == "written"]
        failing = await self._bonds.make(object_type, written)
        if not failing:
            return told
        back = [replace(row, crm_id=crm_id) for row, crm_id in written if row.result.index in failing]
        await self._restore(object_type, back)
        verdict = failed("ASSOCIATION_FAILED", "HubSpot did not associate the record; it is as it was before.")
        return [(row, verdict if row.result.index in failing else given) for row, given in told]

    async def _restore(self, object_type: str, rows: Sequence[PlanRow]) -> None:
        await self._archive(object_type, [row for row in rows if row.before is None])
        changed = [row for row in rows if row.before is not None]
        await self._send(
            [(row, HubSpotRecord(object_type, row.crm_id or "", None, as_written(row.before or {}))) for row in changed]
        )
        await self._bonds.take_back(object_type, changed)

    async def _let_go(self, object_type: str, done: Done) -> Done:
        """Undone records lose the associations that the plan made, and their companies what it wrote."""
        undone = [row for row, verdict in done if verdict == UNDONE]
        changed = [row for row in undone if row.before is not None and row.bonds]
        failing = await self._bonds.take_back(object_type, changed) if changed else set()
        # Also of contacts that somebody has deleted: nothing may be left of the batch.
        left = [row for row, verdict in done if verdict in (UNDONE, GONE) and row.result.index not in failing]
        free = [row.parent for row in left if row.parent is not None]
        ended, edited = await self._companies.take_back(left[0].result.batch_id, free) if free else ({}, set())
        told: Done = []
        for row, verdict in done:
            if row.result.index in failing:
                told.append((row, KEPT_ASSOCIATIONS))
            elif verdict == UNDONE and row.parent is not None and row.parent.key in edited:
                told.append((row, KEPT_COMPANY))
            else:
                told.append((row, verdict))
        return _with(ended, told)

    async def _now(self, target: HubSpotTarget, rows: Sequence[PlanRow]) -> list[tuple[PlanRow, Values | None]]:
        """Each row with the record's values: by its id where it has one."""
        object_type = plural(target.object)
        known = [row for row in rows if row.crm_id is not None]
        new = [row for row in rows if row.crm_id is None]
        found = await values_of(self._session, object_type, None, [(row.crm_id or "", row.body) for row in known])
        key = target.external_id or simcrm.EXTERNAL_ID
        keyed = await values_of(self._session, object_type, key, [(row.key, row.body) for row in new])
        return [(row, found.get(row.crm_id or "")) for row in known] + [
            (row, keyed.get(folded_key(row.key))) for row in new
        ]

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
        done: Done = []
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            try:
                await self._session.archive(object_type, [row.crm_id or "" for row in some])
            except HubSpotRefused as refused:
                done += [(row, refusal_of(refused.body).verdict()) for row in some]
            else:
                done += [(row, UNDONE) for row in some]
        return done


def _ready(
    spec: HubSpotTarget, rows: Iterable[tuple[PlanRow, Values | None]]
) -> tuple[Done, list[tuple[PlanRow, str]], list[tuple[PlanRow, HubSpotRecord]]]:
    """Verdicts that need no call; rows whose record is written already, with its id; rows to send."""
    done: Done = []
    there: list[tuple[PlanRow, str]] = []
    sent: dict[str, tuple[PlanRow, HubSpotRecord]] = {}
    object_type, id_property = plural(spec.object), spec.external_id or simcrm.EXTERNAL_ID
    for row, current in rows:
        if row.before is not None and current is None:
            done.append((row, GONE))
        elif current is not None and agrees(current, row.body):
            # By a call of ours whose answer was lost, as a rule; or only what it belongs to changes.
            crm_id = str(current["hs_object_id"])
            if row.before is None and not _is_ours_alone(row):
                done.append((row, Verdict("written", crm_id=crm_id, code=FOUND)))
            else:
                there.append((row, crm_id))
        elif not agrees(current, row.before) or (place := folded_key(row.crm_id or row.key)) in sent:
            # Or by an earlier record of the batch that writes the same one.
            done.append((row, CHANGED))
        elif row.crm_id is not None:
            sent[place] = row, HubSpotRecord(object_type, row.crm_id, None, dict(row.body))
        else:
            sent[place] = row, HubSpotRecord(object_type, row.key, id_property, dict(row.body))
    return done, there, list(sent.values())


def _with(parents: dict[str, Parent], done: Done) -> Done:
    return [
        (replace(row, parent=parents[row.parent.key]) if row.parent and row.parent.key in parents else row, verdict)
        for row, verdict in done
    ]


def _planned_id(one: Parent) -> str | None:
    return one.crm_id if one.before is not None else None


def _is_ours_alone(row: PlanRow) -> bool:
    """Whether the key names this record of this batch, so that nobody else can have made what carries it."""
    return row.key == uniqueness.external_id(row.result.batch_id, row.result.index)


def _hubspot(target: TargetSpec) -> HubSpotTarget:
    if not isinstance(target, HubSpotTarget):
        raise TypeError(f"a plan for {target.kind} is not one for HubSpot")
    return target
