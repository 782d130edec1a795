"""The records that the rows of a chunk may meet, read with one query for each field instead of one for each row."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from crm_sandbox.foreign import Scalar
from crm_sandbox.salesforce.ids import to_18
from crm_sandbox.salesforce.records import Found, Records
from crm_sandbox.salesforce.schema import Field, SObject

Values: TypeAlias = Iterable[Scalar]


class Neighbours:
    """Answers as the tables would, also for what this chunk itself has written since."""

    def __init__(self, records: Records, owner: str) -> None:
        self.owner = owner
        self._records = records
        self._by_key: dict[Field, dict[Scalar, list[Found]]] = {}
        self._by_id: dict[str, Found] = {}

    def expect_keys(self, one: SObject, field: Field, values: Values) -> None:
        """Read the living records that hold one of these."""
        known = self._by_key.setdefault(field, {})
        folded = {field.fold(value) for value in values if value is not None} - known.keys()
        for key, found in self._records.with_keys(one, field, folded):
            known.setdefault(key, []).append(found)

    def expect_ids(self, one: SObject, ids: Values) -> None:
        wanted = {record_id for one_id in ids if one_id and (record_id := to_18(str(one_id)))} - self._by_id.keys()
        self._by_id.update((found.id, found) for found in self._records.find_many(one, wanted))

    def with_key(self, one: SObject, field: Field, value: Scalar) -> Sequence[Found]:
        return self._by_key[field].get(field.fold(value), ())

    def find(self, one: SObject, record_id: str) -> Found | None:
        return self._by_id.get(to_18(record_id) or "")

    def learn(self, found: Found, values: Iterable[tuple[Field, Scalar]], *, new: bool) -> None:
        """A record of this chunk now holds these values; one that is not new holds its earlier ones no more."""
        self._by_id[found.id] = found
        for field, value in values:
            if (known := self._by_key.get(field)) is None:
                continue
            if not new:
                for holders in known.values():
                    holders[:] = [one for one in holders if one.row != found.row]
            if value is not None:
                known.setdefault(field.fold(value), []).append(found)

    def forget(self, found: Found) -> None:
        """A record of this chunk is deleted."""
        self._by_id[found.id] = Found(found.row, found.id, True)
