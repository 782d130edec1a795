"""Fields of the records that the queried one refers to, such as Account.Owner.Name."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from crm_sandbox.salesforce.errors import RequestError
from crm_sandbox.salesforce.schema import Field, Schema, SObject
from crm_sandbox.salesforce.soql.lexer import malformed, pointing
from crm_sandbox.salesforce.soql.syntax import Name

MOST_LEVELS = 5

# A reference with several kinds of target leads to the object Name, whatever the target has beside these.
_NAME_FIELDS = frozenset(
    name.casefold()
    for name in ("Id", "Name", "FirstName", "LastName", "Type", "Alias", "Username", "Email", "IsActive", "Phone")
) | {"title", "profileid", "userroleid"}
_NAME = "Name"


@dataclass(frozen=True, slots=True)
class Parent:
    """A record that is reached over references."""

    path: tuple[str, ...]
    objects: tuple[SObject, ...]
    """What it may be, of the objects that this org has."""
    many: bool
    reference: str
    """The SQL of its id, as the child holds it."""

    @property
    def entity(self) -> str:
        return _NAME if self.many or not self.objects else self.objects[0].name

    @property
    def id_sql(self) -> str:
        """Its id where it is there, else null."""
        return self.sql(self.objects[0].fields["id"], '"Id"') if self.objects else "NULL"

    def kind_of(self, record_id: str) -> SObject:
        """Which of its objects the record with this id is one of."""
        return next(one for one in self.objects if one.prefix == record_id[:3])

    def field(self, name: str) -> Field | None:
        if self.many and name.lower() not in _NAME_FIELDS:
            return None
        return next((found for one in self.objects if (found := one.field(name))), None)

    def sql(self, field: Field, column: str) -> str:
        """One of its columns as an expression of the queried table. Ids of two objects are never the same."""
        having = [one.table for one in self.objects if one.field(field.name)]
        alias = f"parent{len(self.path)}"
        where = f'WHERE {alias}."Id" = {self.reference}'
        reads = [f"(SELECT {alias}.{column} FROM {table} AS {alias} {where})" for table in having]  # noqa: S608
        return reads[0] if len(reads) == 1 else f"coalesce({', '.join(reads)})"


@dataclass(frozen=True, eq=False, kw_only=True)
class ParentField(Field):
    """A field of a parent: the same rules, read from elsewhere. Its name is the whole path."""

    sql: str
    key_sql: str
    parents: tuple[Parent, ...]
    """From the nearest to the one that has the field."""

    @property
    def column(self) -> str:
        return self.sql

    @property
    def key_column(self) -> str:
        return self.key_sql


class Parents:
    """Follows the paths of one query."""

    def __init__(self, query: str, one: SObject, schema: Schema) -> None:
        self._query = query
        self._object = one
        self._schema = schema

    def field(self, name: Name, steps: list[str], last: str) -> ParentField:
        """The field `last` of what `steps` lead to; each refusal points at `name`."""
        if len(steps) > MOST_LEVELS:
            message = f"the path '{name.text}' has more than {MOST_LEVELS} levels of relationships"
            raise malformed(self._query, name.at, message)
        parents = tuple(self._followed(name, steps))
        parent = parents[-1]
        field = parent.field(last)
        if field is None:
            raise no_such_column(self._query, name.at, last, parent.entity)
        if field.type in ("address", "location"):
            raise malformed(self._query, name.at, f"the compound field '{name.text}' is not supported by this sandbox")
        own: dict[str, Any] = {one.name: getattr(field, one.name) for one in fields(Field)}
        own["name"] = ".".join((*parent.path, field.name))
        key = parent.sql(field, field.key_column) if field.is_key else ""
        return ParentField(**own, sql=parent.sql(field, field.column), key_sql=key, parents=parents)

    def _followed(self, name: Name, steps: list[str]) -> Iterator[Parent]:
        parent: Parent | None = None
        for step in steps:
            relation = self._relation(parent, step)
            if relation is None or relation.relationship is None:
                if parent is not None and parent.many:
                    message = f"the path '{name.text}' over a reference to several objects is not supported by this"
                    raise malformed(self._query, name.at, f"{message} sandbox")
                raise _no_such_relationship(self._query, name.at, step)
            path = (*(parent.path if parent else ()), relation.relationship)
            column = (
                f"{self._object.table}.{relation.column}" if parent is None else parent.sql(relation, relation.column)
            )
            objects = tuple(filter(None, map(self._schema.find, relation.reference_to)))
            parent = Parent(path, objects, len(relation.reference_to) > 1, column)
            yield parent

    def _relation(self, parent: Parent | None, step: str) -> Field | None:
        if parent is None:
            return self._object.relation(step)
        if parent.many:
            return None
        return next((found for one in parent.objects if (found := one.relation(step))), None)


def parents_of(selected: Iterable[Field]) -> tuple[Parent, ...]:
    """The parents of all these fields, each once."""
    found = {parent.path: parent for field in selected if isinstance(field, ParentField) for parent in field.parents}
    return tuple(found.values())


def no_such_column(query: str, at: int, column: str, entity: str) -> RequestError:
    return pointing(
        query,
        at,
        "INVALID_FIELD",
        f"No such column '{column}' on entity '{entity}'. If you are attempting to use a "
        "custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL "
        "or the describe call for the appropriate names.",
    )


def _no_such_relationship(query: str, at: int, step: str) -> RequestError:
    return pointing(
        query,
        at,
        "INVALID_FIELD",
        f"Didn't understand relationship '{step}' in field path. If you are attempting to use a custom relationship, "
        "be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe "
        "call for the appropriate names.",
    )
