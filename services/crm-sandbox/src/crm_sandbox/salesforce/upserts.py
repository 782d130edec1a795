"""Insert or update by a key that the client owns."""

from collections.abc import Sequence

from crm_sandbox.foreign import Json, JsonObject
from crm_sandbox.salesforce.errors import RecordError, RequestError
from crm_sandbox.salesforce.records import Records
from crm_sandbox.salesforce.schema import Field, SObject
from crm_sandbox.salesforce.values import stored


class SeveralMatchesError(RecordError):
    """The external id is not unique and more than one record holds it."""

    def __init__(self, ids: Sequence[str], key: Field) -> None:
        super().__init__("DUPLICATE_EXTERNAL_ID", f"{key.name}: more than one record found for external id field")
        self.ids = ids


def key_field(one: SObject, name: str) -> Field:
    """The field to match on; only external ids and lookup fields can be."""
    field = one.field(name)
    if field and (field.external_id or field.id_lookup):
        return field
    raise RequestError("NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name}")


def upsert(
    records: Records, one: SObject, key: Field, value: Json, rest: JsonObject, *, update_only: bool = False
) -> tuple[str, bool]:
    """The record's id, and whether it is new; `rest` is the record without the key."""
    if key.type == "id":
        return _by_id(records, one, value, rest)
    wanted = stored(key, value)
    if wanted is None:
        raise RecordError("MISSING_ARGUMENT", f"{key.name} not specified", [key.name])
    matches = records.with_key(one, key, wanted)
    if len(matches) > 1:
        raise SeveralMatchesError([match.id for match in matches], key)
    if matches:
        # Writing the key again would change its case where the client spells it differently; Salesforce keeps it.
        records.update(one, matches[0], rest)
        return matches[0].id, False
    if update_only:
        raise RequestError("NOT_FOUND", "The requested resource does not exist")
    return records.insert(one, {**rest, key.name: value}), True


def _by_id(records: Records, one: SObject, value: Json, rest: JsonObject) -> tuple[str, bool]:
    if not value:
        return records.insert(one, rest), True
    found = records.living(one, str(value))
    records.update(one, found, rest)
    return found.id, False
