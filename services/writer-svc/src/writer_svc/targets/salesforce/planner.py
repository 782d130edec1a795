"""Plan, apply and undo in Salesforce: reads by SOQL, writes by Collections with the record's own id."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

from shared.crm.describe import FieldDescribe, ObjectDescribe, id18
from shared.crm.salesforce import SalesforceSession
from shared.crm.soql import literal, queries_among
from shared.events import BatchPlan, RecordGenerated, SalesforceTarget
from shared.events.spec import Target as TargetSpec

from writer_svc.domain.coercion import Unfit, coerced
from writer_svc.domain.planning import FOUND, Done, Looked, PlanRow, Values, agrees, plan_row
from writer_svc.domain.rows import Row, creatable, fields_of, folded, row_of, salesforce_target
from writer_svc.domain.staging import columns_of, key_column
from writer_svc.domain.verdicts import Verdict, failed
from writer_svc.targets.salesforce.collections import COLLECTION, Collections

CHANGED = failed(
    "CHANGED_MEANWHILE",
    "The record was edited after the plan was made, or by an earlier record of the batch; it is left as it is.",
)
TWICE = failed(
    "DUPLICATE_RECORD",
    "An earlier record of the batch changes the same Salesforce record: an undo could not tell the two apart.",
)
GONE = failed("ENTITY_IS_DELETED", "The record was deleted after the plan was made.")
UNCHANGED = Verdict("skipped", code="UNCHANGED", reason="The record already had these values.")
UNDONE = Verdict("cancelled", code="UNDONE", reason="The record has its earlier values again.")


class SalesforcePlanner:
    """Of one org. Between reading and writing a record lie milliseconds in which somebody may still edit it."""

    def __init__(self, session: SalesforceSession, collections: Collections) -> None:
        self._session = session
        self._collections = collections

    async def look(self, results: Sequence[tuple[RecordGenerated, BatchPlan]]) -> list[Looked]:
        """Compare with the org as it is now."""
        looked: list[Looked] = []
        rows: dict[str, tuple[SalesforceTarget, list[Row]]] = {}
        described = await self._session.describe(salesforce_target(results[0][1]).object)
        fields = fields_of(described)
        for result, plan in results:
            target = salesforce_target(plan)
            try:
                row = row_of(result, target, fields)
            except Unfit as unfit:
                looked.append((result, failed(unfit.code or "UNFIT", str(unfit))))
            else:
                rows.setdefault(target.model_dump_json(), (target, []))[1].append(row)
        for target, some in rows.values():
            looked += await self._compared(target, some, described)
        return looked

    async def apply(self, target: TargetSpec, rows: Sequence[PlanRow]) -> Done:
        """Update by id, create by external id; each only where the org is as the plan found it."""
        spec = _salesforce(target)
        done: Done = [(row, UNCHANGED) for row in rows if row.action == "unchanged"]
        key = _field(await self._session.describe(spec.object), key_column(spec))
        sent: dict[str, Row] = {}
        waiting = {_of(row.result): row for row in rows}
        for row, current in await self._now(spec, [row for row in rows if row.action != "unchanged"]):
            if row.before is not None and current is None:
                done.append((row, GONE))
            elif current is not None and agrees(current, row.body):
                # By a call of ours whose answer was lost, as a rule.
                code = FOUND if row.before is None else None
                done.append((row, Verdict("written", crm_id=id18(str(current["Id"])), code=code)))
            elif not agrees(current, row.before):
                done.append((row, CHANGED))
            elif (place := row.crm_id or folded(row.key, key)) in sent:
                done.append((row, TWICE))
            else:
                named = {"id": row.crm_id} if row.action == "update" else {key["name"]: row.key}
                sent[place] = _sent(row, spec, row.body, named)
        updates = [one for one in sent.values() if "id" in one.body]
        creates = [one for one in sent.values() if "id" not in one.body]
        saved = await self._save(_by_id(spec), updates) + await self._save(spec, creates)
        return done + [(waiting[_of(one.result)], verdict) for one, verdict in saved]

    async def undo(self, target: TargetSpec, rows: Sequence[PlanRow]) -> Done:
        """Restore and delete, where nobody has edited the record since."""
        spec = _salesforce(target)
        done: Done = []
        back: list[Row] = []
        created: list[PlanRow] = []
        waiting = {_of(row.result): row for row in rows}
        for row, current in await self._now(spec, rows):
            if current is None:
                done.append((row, UNDONE if row.before is None else GONE))
            elif not agrees(current, row.body):
                # What a crash left half told is undone already.
                done.append((row, UNDONE if row.before is not None and agrees(current, row.before) else CHANGED))
            elif row.before is None:
                created.append(row)
            else:
                back.append(_sent(row, spec, row.before, {"id": row.crm_id}))
        for sent, verdict in await self._save(_by_id(spec), back):
            row = waiting[_of(sent.result)]
            done.append((row, UNDONE if verdict.state == "written" else verdict))
        return done + await self._delete(created)

    async def _compared(self, target: SalesforceTarget, rows: Sequence[Row], described: ObjectDescribe) -> list[Looked]:
        column = key_column(target)
        found = await self._read(target, [str(row.cells[column]) for row in rows], described)
        looked: list[Looked] = []
        changed: set[str] = set()
        for row in sorted(rows, key=lambda one: one.result.index):
            current = found.get(row.key)
            body = {name: value for name, value in row.cells.items() if name != column}
            if current is None and target.external_id is None:
                looked.append((row.result, failed("ENTITY_IS_DELETED")))
                continue
            crm_id = id18(str(current["Id"])) if current else None
            planned = plan_row(row.result, str(row.cells[column]), body, current, crm_id)
            looked.append((row.result, _refused(planned, row, changed, described) or planned))
            if planned.action != "unchanged":
                changed.add(row.key)
        return looked

    async def _now(self, target: SalesforceTarget, rows: Sequence[PlanRow]) -> list[tuple[PlanRow, Values | None]]:
        """Each row with the record's values: by its id where it has one, for keys may be edited too."""
        described = await self._session.describe(target.object)
        known = [row for row in rows if row.crm_id is not None]
        new = [row for row in rows if row.crm_id is None]
        found = await self._read(_by_id(target), [row.crm_id or "" for row in known], described)
        keyed = await self._read(target, [row.key for row in new], described)
        field = _field(described, key_column(target))
        by_key = [(row, keyed.get(folded(row.key, field))) for row in new]
        return [(row, found.get(row.crm_id or "")) for row in known] + by_key

    async def _read(
        self, target: SalesforceTarget, keys: Sequence[str], described: ObjectDescribe
    ) -> dict[str, Values]:
        column = key_column(target)
        field = _field(described, column)
        names = ",".join(dict.fromkeys(("Id", *columns_of(target))))
        head = f"SELECT {names} FROM {target.object} WHERE {column} IN"  # noqa: S608 – names are described, keys quoted
        found: dict[str, Values] = {}
        for query in queries_among(head, [literal(key, field.get("type")) for key in keys]):
            async for page in self._session.query(query):
                for row in page:
                    key = id18(row["Id"]) if column == "Id" else folded(coerced(row[column], field), field)
                    found[key] = {name: value for name, value in row.items() if name != "attributes"}
        return found

    async def _save(self, target: SalesforceTarget, rows: Sequence[Row]) -> list[tuple[Row, Verdict]]:
        saved: list[tuple[Row, Verdict]] = []
        for start in range(0, len(rows), COLLECTION):
            saved += await self._collections.save(target, rows[start : start + COLLECTION])
        return saved

    async def _delete(self, rows: Sequence[PlanRow]) -> Done:
        done: Done = []
        for start in range(0, len(rows), COLLECTION):
            some = rows[start : start + COLLECTION]
            results = await self._session.collections_delete([row.crm_id or "" for row in some])
            for row, result in zip(some, results, strict=True):
                code = (result.get("errors") or [{}])[0].get("statusCode", "UNKNOWN_EXCEPTION")
                gone = result.get("success") or code == "ENTITY_IS_DELETED"
                done.append((row, UNDONE if gone else failed(code)))
        return done


def _refused(planned: PlanRow, row: Row, changed: Set[str], described: ObjectDescribe) -> Verdict | None:
    """Why a row cannot be applied, as far as that is known beforehand."""
    if planned.action == "unchanged":
        return None
    if row.key in changed:
        return TWICE
    if planned.action == "create":
        try:
            creatable(row.cells, described)
        except Unfit as unfit:
            return failed(unfit.code or "UNFIT", str(unfit))
    return None


def _sent(row: PlanRow, target: SalesforceTarget, values: Values, named: dict[str, Any]) -> Row:
    return Row(row.result, row.crm_id or row.key, {"attributes": {"type": target.object}, **values, **named})


def _of(result: RecordGenerated) -> tuple[int, int]:
    return result.index, result.epoch


def _by_id(target: SalesforceTarget) -> SalesforceTarget:
    return target.model_copy(update={"external_id": None})


def _salesforce(target: TargetSpec) -> SalesforceTarget:
    if not isinstance(target, SalesforceTarget):
        raise TypeError(f"a plan for {target.kind} is not one for Salesforce")
    return target


def _field(described: ObjectDescribe, name: str) -> FieldDescribe:
    unknown: FieldDescribe = {"name": name}
    return next((field for field in described["fields"] if field["name"] == name), unknown)
