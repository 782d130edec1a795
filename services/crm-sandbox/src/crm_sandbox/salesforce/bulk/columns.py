"""The columns of an upload: which field each cell goes to, and how its text becomes a value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from crm_sandbox.foreign import Scalar
from crm_sandbox.salesforce.bulk.dialect import NULL, DialectError
from crm_sandbox.salesforce.bulk.job import Job
from crm_sandbox.salesforce.drafts import Draft
from crm_sandbox.salesforce.errors import RecordError, RequestError
from crm_sandbox.salesforce.schema import NUMBER_TYPES, Field, Schema, SObject
from crm_sandbox.salesforce.values import stored

# The vendor's limit for the characters of one row; a cell's is that of its field.
LONGEST_ROW = 400_000
_XSD = {**dict.fromkeys(NUMBER_TYPES, "double"), "int": "int", "date": "date", "datetime": "dateTime", "time": "time"}
_PLAIN_TEXT = frozenset({"string", "textarea", "phone", "url", "combobox"})

Keep: TypeAlias = Callable[[str], Scalar]


@dataclass(frozen=True, slots=True)
class Column:
    """`of_parent` is set where a cell names the record referred to by one of its own keys, as Account.Ext__c does."""

    field: Field
    keep: Keep
    of_parent: tuple[SObject, Field] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What the cells of a row say; `parents` are references by key, still to be looked up."""

    draft: Draft
    key: Scalar
    parents: Sequence[tuple[Column, Scalar]] = ()


class Columns:
    """Reads the rows of one job."""

    def __init__(self, job: Job, schema: Schema, header: Sequence[str], *, longest_cell: int) -> None:
        self.object = schema.named(job.object)
        self._longest_cell = longest_cell
        self._columns = [_column(schema, self.object, name, at) for at, name in enumerate(header)]
        self._key_at = self._place_of_key(job)
        self._id_is_key = job.operation != "upsert" or (job.external_id_field or "").lower() == "id"
        if job.operation in ("delete", "hardDelete") and len(header) > 1:
            raise DialectError("InvalidBatch : The 'delete/hard_delete' batch must contain only 'Id'")

    @property
    def places_of_parents(self) -> Sequence[int]:
        """The columns that refer to other records, users not counted: nobody locks those."""
        references = [at for at, one in enumerate(self._columns) if one.field.type == "reference"]
        return [at for at in references if "User" not in self._columns[at].field.reference_to]

    def read(self, cells: Sequence[str]) -> Row:
        """The row's values; RecordError where one does not fit its field."""
        draft: Draft = {}
        key: Scalar = None
        parents: list[tuple[Column, Scalar]] = []
        for at, (column, cell) in enumerate(zip(self._columns, cells, strict=True)):
            if not cell:
                continue
            if len(cell) > self._longest_cell:
                raise self._too_long(column.field)
            value = None if cell == NULL else column.keep(cell)
            if at == self._key_at:
                key = value
            elif column.of_parent and value is not None:
                parents.append((column, value))
            elif column.field.type != "id":
                draft[column.field] = value
            elif value is not None and not self._id_is_key:
                raise RecordError("INVALID_FIELD", f"cannot specify both an external ID reference {key} and a Id", [])
        return Row(draft, key, parents)

    def _too_long(self, field: Field) -> RecordError:
        message = f"{field.label}: data value too large for a bulk upload: (max length={self._longest_cell})"
        return RecordError("STRING_TOO_LONG", message, [field.name])

    def _place_of_key(self, job: Job) -> int | None:
        if job.operation == "insert":
            return None
        wanted = (job.external_id_field or "Id") if job.operation == "upsert" else "Id"
        places = [at for at, one in enumerate(self._columns) if one.field.name.lower() == wanted.lower()]
        if not places:
            raise DialectError(f"InvalidBatch : Field name not found : {wanted}")
        return places[0]


def _column(schema: Schema, one: SObject, name: str, at: int) -> Column:
    if "." in name:
        return _parent_column(schema, one, name, at)
    field = one.field(name)
    if field is None or field.type in ("address", "location"):
        raise DialectError(f"InvalidBatch : Field name not found : {name}")
    return Column(field, _keeper(field, at))


def _parent_column(schema: Schema, one: SObject, name: str, at: int) -> Column:
    relation, _, key_name = name.partition(".")
    field = one.relation(relation)
    if field:
        for target_name in field.reference_to:
            target = schema.find(target_name)
            key = target.field(key_name) if target else None
            if target and key and (key.external_id or key.id_lookup):
                return Column(field, _keeper(key, at), (target, key))
    raise DialectError(f"InvalidBatch : Field name not found : {name}")


def _keeper(field: Field, at: int) -> Keep:
    """How a cell of this field is read, with a short way for the plain text that most cells are."""

    def deserialised(cell: str) -> Scalar:
        try:
            if field.type == "boolean":
                return stored(field, {"1": "true", "0": "false"}.get(cell, cell))
            return stored(field, cell)
        except RequestError as error:
            kind = _XSD.get(field.type, field.type)
            why = f"'{cell}' is not a valid value for the type xsd:{kind}"
            message = f"Failed to deserialize field at col {at}. Due to, {why}"
            raise RecordError("INVALID_FIELD", message, [field.name]) from error

    def text(cell: str) -> Scalar:
        return cell if cell.isascii() and len(cell) <= field.length else deserialised(cell)

    return text if field.type in _PLAIN_TEXT else deserialised
