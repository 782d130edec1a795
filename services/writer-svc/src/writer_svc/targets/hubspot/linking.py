"""Associates records once they are written, with what was looked up before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from shared.crm.hubspot import BATCH, HubSpotSession
from shared.crm.hubspot_refusals import HubSpotRefused
from shared.crm.hubspot_shapes import BatchAnswer, context_of

from writer_svc.domain.hubspot_links import Link
from writer_svc.domain.hubspot_rows import HubSpotRow, folded_key
from writer_svc.domain.verdicts import Verdict, failed

PRIMARY_TYPE = 1
"""Contact to its primary company."""

PRIMARY = {"types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": PRIMARY_TYPE}]}

Pair = tuple[str, str]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Resolved:
    """HubSpot's ids of the links that exist."""

    ids: Mapping[Link, str]

    def missing_ids(self, links: Iterable[Link]) -> str | None:
        """The object of the first link by HubSpot's own id that leads nowhere: such a record will not come later."""
        return next((link.object_type for link in links if link.id_property is None and link not in self.ids), None)


async def resolved(session: HubSpotSession, links: Iterable[Link]) -> Resolved:
    """Look up all `links` at once; a merged record's id is its survivor's."""
    groups: defaultdict[tuple[str, str | None], list[Link]] = defaultdict(list)
    for link in dict.fromkeys(links):
        groups[link.object_type, link.id_property].append(link)
    found: dict[Link, str] = {}
    for (object_type, id_property), group in groups.items():
        for part in _parts(group):
            ids = await _ids(session, object_type, id_property, [link.key for link in part])
            found |= {link: ids[folded] for link in part if (folded := folded_key(link.key)) in ids}
    return Resolved(found)


async def _ids(session: HubSpotSession, object_type: str, id_property: str | None, keys: list[str]) -> dict[str, str]:
    wanted = id_property or "hs_merged_object_ids"
    try:
        records = await session.read(object_type, list(dict.fromkeys(keys)), [wanted], id_property=id_property)
    except HubSpotRefused as refused:
        if refused.status not in (400, 404):
            raise
        return {}
    found: dict[str, str] = {}
    for one in records:
        shown = (one.get("properties") or {}).get(wanted) or ""
        names = [shown] if id_property else [str(one["id"]), *shown.split(";")]
        found |= {folded_key(name): str(one["id"]) for name in names if name.strip()}
    return found


async def associate_all(
    session: HubSpotSession, written: Sequence[tuple[HubSpotRow, str]], companies: Mapping[str, str], links: Resolved
) -> dict[str, Verdict]:
    """Associate what was written; verdicts of those rows that HubSpot did not associate, by key.

    `companies` are the ids of the companies that were written with their contacts, by the contact's key.
    """
    pairs: defaultdict[tuple[str, str, bool], dict[Pair, str]] = defaultdict(dict)
    for row, crm_id in written:
        of = row.record.object_type
        if (company := companies.get(row.key)) is not None:
            pairs[of, "companies", True][crm_id, company] = row.key
        for link in row.links:
            pairs[of, link.object_type, False][crm_id, links.ids[link]] = row.key
    refused: dict[str, Verdict] = {}
    ids = {row.key: crm_id for row, crm_id in written}
    for (of, to, primary), wanted in pairs.items():
        for pair in await associated(session, of, to, list(wanted), primary=primary):
            key = wanted[pair]
            reason = f"The record was written, but HubSpot did not associate it with its {to}."
            refused[key] = failed("ASSOCIATION_FAILED", reason)._replace(crm_id=ids[key])
    return refused


async def associated(session: HubSpotSession, of: str, to: str, pairs: Sequence[Pair], *, primary: bool) -> set[Pair]:
    """Associate pairs of ids; those that HubSpot refused come back. The same again changes nothing."""
    refused: set[Pair] = set()
    for part in _parts(list(dict.fromkeys(pairs))):
        refused |= await _ask(session, of, to, part, "associate/default", {})
        if primary and (rest := [pair for pair in part if pair not in refused]):
            refused |= await _ask(session, of, to, rest, "create", PRIMARY)
    return refused


async def linked(session: HubSpotSession, of: str, to: str, ids: Sequence[str]) -> dict[str, dict[str, frozenset[int]]]:
    """What records are associated with: by id, the other ends with their association types. One without is left out."""
    found: dict[str, dict[str, frozenset[int]]] = {}
    for part in _parts(list(dict.fromkeys(ids))):
        left: list[dict[str, str]] = [{"id": one} for one in part]
        while left:
            answered, left = await session.associations(of, to, left), []
            for one in answered:
                start = str(one["from"]["id"])
                for end in one.get("to") or ():
                    kinds = frozenset(int(kind["typeId"]) for kind in end.get("associationTypes") or ())
                    found.setdefault(start, {})[str(end["toObjectId"])] = kinds
                if after := (one.get("paging") or {}).get("next", {}).get("after"):
                    left.append({"id": start, "after": str(after)})
    return found


async def dissociate(session: HubSpotSession, of: str, to: str, pairs: Sequence[Pair], *, only_primary: bool) -> None:
    """Remove associations; what is not there is no error. `only_primary` leaves them associated."""
    verb, each = ("labels/archive", PRIMARY) if only_primary else ("archive", {})
    for part in _parts(pairs):
        inputs = [{"from": {"id": a}, "to": {"id": b} if only_primary else [{"id": b}], **each} for a, b in part]
        await session.dissociate(of, to, inputs, verb)


async def _ask(
    session: HubSpotSession, of: str, to: str, pairs: Sequence[Pair], verb: str, each: Mapping[str, object]
) -> set[Pair]:
    try:
        answer = await session.associate(of, to, pairs, verb, **each)
    except HubSpotRefused:
        if len(pairs) == 1:
            return set(pairs)
        middle = len(pairs) // 2
        first = await _ask(session, of, to, pairs[:middle], verb, each)
        return first | await _ask(session, of, to, pairs[middle:], verb, each)
    return _refused(pairs, answer) if answer.errors else set()


def _refused(pairs: Sequence[Pair], answer: BatchAnswer) -> set[Pair]:
    named = {value for error in answer.errors for value in context_of(error, "fromObjectId", "toObjectId", "ids", "id")}
    found = {pair for pair in pairs if named & set(pair)}
    return found or set(pairs)


def _parts(things: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (things[start : start + BATCH] for start in range(0, len(things), BATCH))
