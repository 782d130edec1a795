"""Sends records 100 a call and finds out what became of each."""

from __future__ import annotations

from collections.abc import Sequence

from shared.crm.hubspot import HubSpotSession
from shared.crm.hubspot_refusals import HubSpotRefused
from shared.crm.hubspot_shapes import CrmObject
from shared.crm.simcrm import EXTERNAL_ID
from shared.errors import Retryable

from writer_svc.domain.hubspot_answers import CONFLICT, DRIFT, Outcome, Refusal, Written, correlated, refusal_of
from writer_svc.domain.hubspot_rows import HubSpotRecord, folded_key

Records = Sequence[HubSpotRecord]

_OF_ONE_RECORD = frozenset({400, 404, 409})
"""A whole refusal with one of these may be a single record's fault."""


class Drifted(Exception):  # not an error: the caller looks at the definitions again
    """The portal's properties have changed; nothing of the call was written."""


class Sending:
    """Writes the records of one object. Keys are distinct within a call."""

    def __init__(self, session: HubSpotSession, *, drift_is_final: bool, adopts: bool = True) -> None:
        self._session = session
        self._drift_is_final = drift_is_final
        self._adopts = adopts

    async def send(self, records: Records) -> list[Outcome]:
        """One outcome per record, in their order. Raises `Drifted`, unless drift is final."""
        told, refused = await self._try(records)
        if refused is not None:
            if refused.code in DRIFT and not self._drift_is_final:
                raise Drifted
            told = await self._halve(records, refused)
        if not self._adopts:
            return told
        return [await self._adopted(record, outcome) for record, outcome in zip(records, told, strict=True)]

    async def _try(self, records: Records) -> tuple[list[Outcome], HubSpotRefused | None]:
        """The outcomes, or why HubSpot took none of the records."""
        first = records[0]
        inputs = [record.input(str(at)) for at, record in enumerate(records)]
        verb = "upsert" if first.id_property else "update"
        try:
            answer = await self._session.batch(first.object_type, verb, inputs)
        except HubSpotRefused as refused:
            if refused.status in _OF_ONE_RECORD:
                return [], refused
            return [refusal_of(refused.body)] * len(records), None
        found = correlated(records, answer)
        outcomes = dict(found.outcomes)
        if found.unknown:
            unsure = [records[at] for at in found.unknown]
            if found.has_stray_errors and len(records) == 1:
                return [refusal_of(answer.errors[0])], None
            again = await (self._halve(unsure, None) if found.has_stray_errors else self._read_back(unsure))
            outcomes |= dict(zip(found.unknown, again, strict=True))
        return [outcomes[at] for at in range(len(records))], None

    async def _halve(self, records: Records, refused: HubSpotRefused | None) -> list[Outcome]:
        """Outcomes of records of which at least one is refused: at most 13 calls to find one among 100.

        If HubSpot takes the first half, the culprit is in the second, which is halved without being sent whole.
        """
        if len(records) == 1:
            return [await self._alone(records[0]) if refused is None else refusal_of(refused.body)]
        middle = len(records) // 2
        first, second = records[:middle], records[middle:]
        told, of_first = await self._try(first)
        if of_first is None:
            return told + await self._halve(second, None)
        told = await self._halve(first, of_first)
        rest, of_second = await self._try(second)
        return told + (rest if of_second is None else await self._halve(second, of_second))

    async def _read_back(self, records: Records) -> list[Outcome]:
        """Records that the answer does not mention: what is there now was written."""
        first = records[0]
        properties = [first.id_property] if first.id_property else []
        keys = [record.key for record in records]
        found = await self._session.read(first.object_type, keys, properties, id_property=first.id_property)
        by_key = {_key_of(one, first.id_property): str(one["id"]) for one in found}
        if any(record.folded not in by_key for record in records):
            raise Retryable(
                "HubSpot did not answer for every record of the call", category="crm", code="RESULTS_MISSING"
            )
        return [Written(by_key[record.folded]) for record in records]

    async def _adopted(self, record: HubSpotRecord, outcome: Outcome) -> Outcome:
        """A contact with this e-mail that no batch has made is updated, and carries our key from then on.

        One that another record has made is not: two records of ours would take turns with it. A record with our own key
        was created by another writer just now.
        """
        if not isinstance(outcome, Refusal) or outcome.code != CONFLICT or record.id_property != EXTERNAL_ID:
            return outcome
        if outcome.existing_id is None:
            return await self._alone(record)
        found = await self._session.read(record.object_type, [outcome.existing_id], [EXTERNAL_ID])
        if not found or _key_of(found[0], EXTERNAL_ID) not in ("", record.folded):
            return outcome
        properties = {**record.properties, EXTERNAL_ID: record.key}
        return await self._alone(HubSpotRecord(record.object_type, str(found[0]["id"]), None, properties))

    async def _alone(self, record: HubSpotRecord) -> Outcome:
        told, refused = await self._try([record])
        return told[0] if refused is None else refusal_of(refused.body)


def _key_of(found: CrmObject, id_property: str | None) -> str:
    value = (found.get("properties") or {}).get(id_property) if id_property else found.get("id")
    return folded_key(value)
