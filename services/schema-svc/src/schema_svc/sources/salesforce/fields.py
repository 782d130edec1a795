"""Which fields a batch may read, and of what type they are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from shared.crm.describe import FieldDescribe, ObjectDescribe

from schema_svc.domain.slots import Needed, Refused, did_you_mean, refuse_unknown

STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")
"""Fields that say when a record was changed, the surest first: the others miss changes that no person made."""

Describe = Callable[[str], Awaitable[ObjectDescribe]]


class Fields:
    """Asks describe, of the object itself and of those that its relationships lead to."""

    def __init__(self, describe: Describe) -> None:
        self._describe = describe

    async def types(self, needed: Needed, described: ObjectDescribe) -> Mapping[str, str]:
        """The type of each field that is read. Raises `Refused` with the first that is not there."""
        plain = tuple(slot for slot in needed.slots if "." not in slot)
        known = {field["name"]: str(field.get("type", "string")) for field in described["fields"]}
        refuse_unknown(Needed(plain, needed.external_id), known, described["name"])
        return {
            name: await self._type_at_end(name, described) if "." in name else known[name] for name in needed.fields
        }

    async def _type_at_end(self, slot: str, described: ObjectDescribe) -> str:
        """`Account.Owner.Name`: each step but the last is the name of a relationship."""
        *steps, last = slot.split(".")
        fields, where = described["fields"], described["name"]
        for step in steps:
            parents = {name: field.get("referenceTo") for field in fields if (name := field.get("relationshipName"))}
            if step not in parents:
                raise Refused(
                    f"The slot {{{{{slot}}}}} names no relationship {step} of {where}.{did_you_mean(step, parents)}"
                )
            fields, where = await self._fields_of(parents[step] or []), step
        known = {field["name"]: str(field.get("type", "string")) for field in fields}
        if last not in known:
            raise Refused(f"The slot {{{{{slot}}}}} is not a field: {where} has no {last}.{did_you_mean(last, known)}")
        return known[last]

    async def _fields_of(self, sobjects: Sequence[str]) -> list[FieldDescribe]:
        """Fields of any of the objects that a relationship may lead to; those this user cannot see have none."""
        fields: list[FieldDescribe] = []
        for sobject in sobjects:
            with suppress(Refused):
                fields += (await self._describe(sobject))["fields"]
        return fields


def stamp_of(described: ObjectDescribe) -> str:
    """The field that says when a record was changed."""
    known = {field["name"] for field in described["fields"]}
    if (stamp := next((name for name in STAMPS if name in known), None)) is None:
        raise Refused(f"Changes of {described['name']} cannot be read: it has none of {', '.join(STAMPS)}.")
    return stamp
