"""Companies of planned contacts: planned once for all their contacts, written with the first, taken back with the last.

A company belongs to the batch that made it, which its `simcrm_simulation_id` says; one that was there already keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from shared.crm import simcrm
from shared.crm.hubspot import BATCH, HubSpotSession
from shared.crm.hubspot_refusals import HubSpotRefused

from writer_svc.domain.hubspot_answers import Refusal, Written
from writer_svc.domain.hubspot_rows import HubSpotRecord, folded_key
from writer_svc.domain.planning import Parent, Values, agrees
from writer_svc.domain.verdicts import Verdict, failed
from writer_svc.targets.hubspot.bonds import COMPANIES, Bonds
from writer_svc.targets.hubspot.reading import as_kept, as_written, values_of
from writer_svc.targets.hubspot.sending import Sending

NAME = "company"
CHANGED = failed("CHANGED_MEANWHILE", "Its company was edited after the plan was made; both are left as they are.")
GONE = failed("OBJECT_NOT_FOUND", "Its company was deleted, archived or merged after the plan was made.")

Parents = dict[str, Parent]


class Companies:
    """Of one portal."""

    def __init__(self, session: HubSpotSession, bonds: Bonds) -> None:
        self._session = session
        self._bonds = bonds

    async def now(self, records: Iterable[HubSpotRecord]) -> dict[str, Values]:
        """What is there under the keys of `records`, by folded key."""
        wanted = [(record.key, record.properties) for record in records]
        return await values_of(self._session, COMPANIES, simcrm.EXTERNAL_ID, wanted)

    async def write(self, batch_id: str, parents: Iterable[Parent]) -> tuple[Parents, dict[str, Verdict], set[str]]:
        """Those that are there now, why others are not, and the keys of those that were written here; by key.

        Each only where the portal is as the plan found it.
        """
        there: Parents = {}
        refused: dict[str, Verdict] = {}
        sent: dict[str, tuple[Parent, HubSpotRecord]] = {}
        open_ones = {}
        for one in parents:
            if one.phase in ("applied", "found"):
                there[one.key] = one
            else:
                open_ones[one.key] = one
        now = await self._now(list(open_ones.values()))
        for key, one in open_ones.items():
            met = _met(one, now[key], batch_id)
            if isinstance(met, Parent):
                there[key] = met
            elif isinstance(met, Verdict):
                refused[key] = met
            else:
                sent[key] = one, met
        for key, told in (await self._send(sent)).items():
            if isinstance(told, Parent):
                there[key] = told
            else:
                refused[key] = told
        return there, refused, {key for key in open_ones if key in there and there[key].phase == "applied"}

    async def take_back(self, batch_id: str, parents: Iterable[Parent]) -> tuple[Parents, set[str]]:
        """Restore, and archive what nothing belongs to any more; the keys of those that were edited since.

        Only what the batch has written and nobody has edited.
        """
        mine = {one.key: one for one in parents if one.phase == "applied" and one.crm_id is not None}
        ended: Parents = {}
        edited: set[str] = set()
        back: dict[str, tuple[Parent, HubSpotRecord]] = {}
        created: list[Parent] = []
        now = await self._now(list(mine.values()))
        for key, one in mine.items():
            current = now[key]
            if current is None or (one.before is not None and agrees(current, one.before)):
                ended[key] = replace(one, phase="closed")
            elif not agrees(current, one.body):
                edited.add(key)
            elif one.before is not None:
                record = HubSpotRecord(COMPANIES, one.crm_id or "", None, as_written(one.before))
                back[key] = one, record
            elif current.get(simcrm.SIMULATION_ID) == batch_id:
                created.append(one)
        for key, told in (await self._send(back)).items():
            if isinstance(told, Parent):
                ended[key] = replace(told, phase="closed")
            else:
                edited.add(key)
        return ended | await self._archive(created), edited

    async def _now(self, parents: Sequence[Parent]) -> dict[str, Values | None]:
        """By key: by its id where it is known, for keys may be edited, too."""
        known = [one for one in parents if one.crm_id is not None]
        found = await values_of(self._session, COMPANIES, None, [(one.crm_id or "", _asked(one)) for one in known])
        new = [one for one in parents if one.crm_id is None]
        keyed = await values_of(self._session, COMPANIES, simcrm.EXTERNAL_ID, [(one.key, _asked(one)) for one in new])
        by_id = {one.key: found.get(one.crm_id or "") for one in known}
        return by_id | {one.key: keyed.get(folded_key(one.key)) for one in new}

    async def _send(self, sent: Mapping[str, tuple[Parent, HubSpotRecord]]) -> dict[str, Parent | Verdict]:
        told: dict[str, Parent | Verdict] = {}
        sending = Sending(self._session, drift_is_final=True, adopts=False)
        for by_key in (True, False):
            some = [(key, *pair) for key, pair in sent.items() if (pair[1].id_property is not None) is by_key]
            for start in range(0, len(some), BATCH):
                part = some[start : start + BATCH]
                outcomes = await sending.send([record for _, _, record in part])
                for (key, one, _), outcome in zip(part, outcomes, strict=True):
                    told[key] = _told(one, outcome, by_key=by_key)
        return told

    async def _archive(self, parents: Sequence[Parent]) -> Parents:
        ids = [one.crm_id or "" for one in parents]
        held = await self._bonds.has_any(COMPANIES, ids) if ids else set()
        # Contacts of the batch that are undone later still belong to it: the last one takes it along.
        free = [one for one in parents if one.crm_id not in held]
        for start in range(0, len(free), BATCH):
            try:
                await self._session.archive(COMPANIES, [one.crm_id or "" for one in free[start : start + BATCH]])
            except HubSpotRefused:
                return {}
        return {one.key: replace(one, phase="closed") for one in free}


def parent_of(record: HubSpotRecord, current: Values | None) -> Parent:
    """The company of a plan, whose record there is `current`."""
    body: dict[str, str] = as_kept(record.properties)
    if current is None:
        return Parent(NAME, record.key, body, None)
    body.pop(simcrm.SIMULATION_ID, None)
    before = {name: current.get(name) for name in body}
    return Parent(NAME, record.key, body, before, crm_id=str(current["hs_object_id"]))


def _met(one: Parent, current: Values | None, batch_id: str) -> Parent | Verdict | HubSpotRecord:
    """The company as it is there already, why it cannot be written, or the record that writes it."""
    if one.before is not None and current is None:
        return GONE
    if current is not None and agrees(current, one.body):
        # By a call of ours whose answer was lost, as a rule; or there was nothing to change.
        ours = current.get(simcrm.SIMULATION_ID) == batch_id if one.before is None else one.changes
        return replace(one, crm_id=str(current["hs_object_id"]), phase="applied" if ours else "found")
    if not agrees(current, one.before):
        return CHANGED
    if one.crm_id is not None and one.before is not None:
        return HubSpotRecord(COMPANIES, one.crm_id, None, dict(one.body))
    return HubSpotRecord(COMPANIES, one.key, simcrm.EXTERNAL_ID, dict(one.body))


def _told(one: Parent, outcome: Written | Refusal, *, by_key: bool) -> Parent | Verdict:
    if isinstance(outcome, Refusal):
        return outcome.verdict("The contact's company was refused. ")
    # Made by somebody a moment before: undoing must not archive it.
    return replace(one, crm_id=outcome.crm_id, phase="found" if by_key and not outcome.new else "applied")


def _asked(one: Parent) -> Values:
    return {**one.body, simcrm.SIMULATION_ID: ""}
