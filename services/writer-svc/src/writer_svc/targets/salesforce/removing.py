"""Deletes in Salesforce what was deleted at its source: found by external id, and put into the recycle bin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from shared.crm.describe import FieldDescribe, SaveResult, id18
from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import SalesforceSession
from shared.crm.soql import literal, queries_among
from shared.events import RecordGenerated, SalesforceTarget

from writer_svc.domain.coercion import Unfit, coerced
from writer_svc.domain.rows import fields_of, folded
from writer_svc.domain.verdicts import DELETED, LOCKED, NOTHING_TO_DELETE, Verdict, failed, refused
from writer_svc.targets.salesforce.collections import COLLECTION, LOCK_BACK_OFF_S, LOCK_TRIES

Told = list[tuple[RecordGenerated, Verdict]]

_GONE = "ENTITY_IS_DELETED"

AMBIGUOUS = failed(
    "DUPLICATE_EXTERNAL_ID", "Several records have this external id, so none of them is deleted: make the field unique."
)


class Removing:
    """Of one org. Always by Collections: only they name the record whose delete is refused at once.

    Who comes twice is told the same: a record that is in the recycle bin already is found there.
    """

    def __init__(
        self, session: SalesforceSession, *, sleep: Callable[[float], Awaitable[None]], jitter: Callable[[], float]
    ) -> None:
        self._session = session
        self._sleep = sleep
        self._jitter = jitter

    async def remove(self, target: SalesforceTarget, results: Sequence[RecordGenerated]) -> Told:
        """A verdict for each. Raises `Retryable` and `DailyLimit` for what could not be asked at all."""
        try:
            field = fields_of(await self._session.describe(target.object)).get(target.external_id or "")
            if field is None:
                raise Unfit("INVALID_FIELD", f"{target.object} has no field {target.external_id} for this user.")
            return await self._removed(target, field, results)
        except (SalesforceRefused, Unfit) as error:
            verdict = failed(error.code or "REFUSED", str(error) if isinstance(error, Unfit) else None)
            return [(result, verdict) for result in results]

    async def _removed(
        self, target: SalesforceTarget, field: FieldDescribe, results: Sequence[RecordGenerated]
    ) -> Told:
        told: Told = []
        keyed: defaultdict[str, list[RecordGenerated]] = defaultdict(list)
        values: dict[str, Any] = {}
        for result in results:
            try:
                value = _key(result, field)
            except Unfit as unfit:
                told.append((result, failed(unfit.code or "UNFIT", str(unfit))))
                continue
            keyed[folded(value, field)].append(result)
            values.setdefault(folded(value, field), value)
        verdicts = await self._by_key(target, field, values)
        return told + [(result, verdicts[key]) for key, some in keyed.items() for result in some]

    async def _by_key(
        self, target: SalesforceTarget, field: FieldDescribe, values: dict[str, Any]
    ) -> dict[str, Verdict]:
        living, gone = await self._found(target, field, values.values())
        verdicts: dict[str, Verdict] = {}
        ids: dict[str, str] = {}
        for key in values:
            if len(living[key]) > 1:
                verdicts[key] = AMBIGUOUS
            elif living[key]:
                ids[living[key][0]] = key
            elif gone[key]:
                # Ids ascend: the newest of those that had this key.
                verdicts[key] = DELETED._replace(crm_id=max(gone[key]))
            else:
                verdicts[key] = NOTHING_TO_DELETE
        waiting = list(ids)
        for start in range(0, len(waiting), COLLECTION):
            some = waiting[start : start + COLLECTION]
            for record_id, verdict in (await self._delete(some)).items():
                verdicts[ids[record_id]] = verdict
        return verdicts

    async def _found(
        self, target: SalesforceTarget, field: FieldDescribe, values: Iterable[Any]
    ) -> tuple[defaultdict[str, list[str]], defaultdict[str, list[str]]]:
        """Ids by folded key: of living records, and of those in the recycle bin."""
        living: defaultdict[str, list[str]] = defaultdict(list)
        gone: defaultdict[str, list[str]] = defaultdict(list)
        name, kind = field["name"], field.get("type")
        head = f"SELECT Id,IsDeleted,{name} FROM {target.object} WHERE {name} IN"  # noqa: S608 – described, quoted
        for query in queries_among(head, [literal(str(value), kind) for value in values]):
            async for page in self._session.query(query, deleted=True):
                for row in page:
                    place = gone if row["IsDeleted"] else living
                    place[folded(coerced(row[name], field), field)].append(id18(row["Id"]))
        return living, gone

    async def _delete(self, ids: Sequence[str]) -> dict[str, Verdict]:
        verdicts: dict[str, Verdict] = {}
        attempt = 1
        while True:
            for record_id, result in zip(ids, await self._session.collections_delete(ids), strict=True):
                verdicts[record_id] = _verdict(record_id, result)
            ids = [one for one in ids if verdicts[one].code == LOCKED]
            if not ids or attempt == LOCK_TRIES:
                return verdicts
            await self._sleep(LOCK_BACK_OFF_S * 2**attempt * (0.5 + self._jitter()))
            attempt += 1


def _key(result: RecordGenerated, field: FieldDescribe) -> Any:
    value = coerced(result.external_id, field)
    if value is None or not str(value).strip():
        raise Unfit("REQUIRED_FIELD_MISSING", f"The external id {field['name']} is empty.")
    return value


def _verdict(record_id: str, result: SaveResult) -> Verdict:
    error = (result.get("errors") or [{}])[0]
    code, said = error.get("statusCode") or "UNKNOWN_EXCEPTION", error.get("message") or ""
    if result.get("success") or code == _GONE:
        return DELETED._replace(crm_id=record_id)
    return refused(LOCKED if LOCKED in said else code, said, error.get("fields") or [], [])
