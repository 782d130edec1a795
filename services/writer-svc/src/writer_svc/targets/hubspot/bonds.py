"""Associations of a plan: which ones records lack, making them, and taking them back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from shared.crm.hubspot import BATCH, HubSpotSession
from shared.crm.hubspot_refusals import HubSpotRefused

from writer_svc.domain.hubspot_links import LINKABLE
from writer_svc.domain.planning import Bond, Parent, PlanRow
from writer_svc.targets.hubspot.linking import PRIMARY_TYPE, Pair, associated, dissociate, linked

COMPANIES = "companies"


class Bonds:
    """Of records of one portal."""

    def __init__(self, session: HubSpotSession) -> None:
        self._session = session

    async def lacking(
        self, object_type: str, rows: Sequence[tuple[PlanRow, Parent | None, Sequence[tuple[str, str]]]]
    ) -> list[PlanRow]:
        """The rows with those associations that are not there yet, given as the other end's object and id."""
        targets = {to for _, _, ends in rows for to, _ in ends} | {COMPANIES for _, parent, _ in rows if parent}
        known = [row.crm_id for row, parent, ends in rows if row.crm_id is not None and (parent or ends)]
        there = {to: await linked(self._session, object_type, to, known) for to in sorted(targets)} if known else {}
        found: list[PlanRow] = []
        for row, parent, ends in rows:
            mine = {to: ids.get(row.crm_id or "", {}) for to, ids in there.items()}
            bonds = [Bond(to, crm_id) for to, crm_id in ends if crm_id not in mine.get(to, {})]
            if parent is not None:
                bonds += _to_company(parent, mine.get(COMPANIES, {}))
            found.append(row.related(parent, tuple(bonds)))
        return found

    async def make(self, object_type: str, rows: Sequence[tuple[PlanRow, str]]) -> set[int]:
        """Associate records (rows with their ids) as planned; the indices of those that HubSpot refused."""
        pairs: defaultdict[tuple[str, bool], dict[Pair, int]] = defaultdict(dict)
        for row, crm_id in rows:
            for bond in row.bonds:
                pairs[bond.object_type, bond.primary][crm_id, row.other_end(bond)] = row.result.index
        refused: set[int] = set()
        for (to, primary), wanted in pairs.items():
            for pair in await associated(self._session, object_type, to, list(wanted), primary=primary):
                refused.add(wanted[pair])
        return refused

    async def take_back(self, object_type: str, rows: Sequence[PlanRow]) -> set[int]:
        """Remove what the plan has made, and make the former company the primary one again; indices as `make`."""
        made: defaultdict[str, dict[Pair, int]] = defaultdict(dict)
        promoted: dict[Pair, int] = {}
        former: dict[Pair, int] = {}
        for row in rows:
            for bond in row.bonds:
                wanted = promoted if bond.was_there else made[bond.object_type]
                wanted[row.crm_id or "", row.other_end(bond)] = row.result.index
                if bond.instead_of is not None:
                    former[row.crm_id or "", bond.instead_of] = row.result.index
        refused = await self._remove(object_type, COMPANIES, promoted, only_primary=True)
        for to, pairs in made.items():
            refused |= await self._remove(object_type, to, pairs, only_primary=False)
        # One that was deleted meanwhile is refused, and nobody misses it.
        await associated(self._session, object_type, COMPANIES, list(former), primary=True)
        return refused

    async def _remove(self, of: str, to: str, pairs: Mapping[Pair, int], *, only_primary: bool) -> set[int]:
        try:
            await dissociate(self._session, of, to, list(pairs), only_primary=only_primary)
        except HubSpotRefused:
            return set(pairs.values())
        return set()

    async def missing_ends(self, rows: Iterable[PlanRow]) -> dict[int, str]:
        """Indices of rows whose other end is gone, with its object."""
        wanted: defaultdict[str, dict[str, None]] = defaultdict(dict)
        listed = [(row, bond) for row in rows for bond in row.bonds if bond.crm_id is not None]
        for _, bond in listed:
            wanted[bond.object_type][bond.crm_id or ""] = None
        there = {(to, one) for to, ids in wanted.items() for one in await self._existing(to, list(ids))}
        return {
            row.result.index: bond.object_type for row, bond in listed if (bond.object_type, bond.crm_id) not in there
        }

    async def has_any(self, object_type: str, ids: Sequence[str]) -> set[str]:
        """Those of the records that something is associated with."""
        held: set[str] = set()
        for to in LINKABLE:
            if to != object_type and (left := [one for one in ids if one not in held]):
                held |= {one for one, ends in (await linked(self._session, object_type, to, left)).items() if ends}
        return held

    async def _existing(self, object_type: str, ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(ids), BATCH):
            found |= {str(one["id"]) for one in await self._session.read(object_type, ids[start : start + BATCH], [])}
        return found


def _to_company(parent: Parent, there: Mapping[str, frozenset[int]]) -> list[Bond]:
    kinds = there.get(parent.crm_id or "")
    if kinds is not None and PRIMARY_TYPE in kinds:
        return []
    primary = next((one for one, types in there.items() if PRIMARY_TYPE in types), None)
    return [Bond(COMPANIES, None, primary=True, was_there=kinds is not None, instead_of=primary)]
