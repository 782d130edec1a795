"""A parsed query as SQL with bound parameters."""

from dataclasses import dataclass

from crm_sandbox.clock import Clock
from crm_sandbox.foreign import Scalar
from crm_sandbox.salesforce.errors import RequestError
from crm_sandbox.salesforce.schema import TEXT_TYPES, Field, Schema, SObject
from crm_sandbox.salesforce.soql.conditions import Conditions
from crm_sandbox.salesforce.soql.lexer import malformed, pointing
from crm_sandbox.salesforce.soql.parents import Parents, no_such_column
from crm_sandbox.salesforce.soql.syntax import Name, Query

MOST_OFFSET = 2000
MOST_OF_FIELDS_ALL = 200


@dataclass(frozen=True, slots=True)
class Compiled:
    """Which rows, and which of their fields."""

    object: SObject
    fields: tuple[Field, ...]
    counts: bool
    sql: str
    values: tuple[Scalar, ...]


def compiled(query: Query, schema: Schema, clock: Clock, *, deleted_too: bool) -> Compiled:
    one = schema.find(query.entity.text)
    if one is None or not one.allows("queryable"):
        raise _unknown_object(query)
    names = Names(query, one, schema)
    fields = _fields(query, one, names)
    where = [] if deleted_too else [_living(query)]
    values: list[Scalar] = []
    if query.where is not None:
        condition, values = Conditions(query.text, names, clock).sql(query.where)
        where.append(condition)
    sql = f"SELECT rowid FROM {one.table}"
    if where:
        sql += " WHERE " + " AND ".join(where)
    sql += _order(query, names) + _bounds(query)
    if query.counts:
        sql = f"SELECT count(*) FROM ({sql})"
    return Compiled(one, fields, query.counts, sql, tuple(values))


class Names:
    """Looks up the fields that a query names, with or without the alias before them, and those of parents."""

    def __init__(self, query: Query, one: SObject, schema: Schema) -> None:
        self._query = query
        self._object = one
        self._own = {one.name.lower(), (query.alias or one.name).lower()}
        self._parents = Parents(query.text, one, schema)
        self._known: dict[str, Field] = {}

    def field(self, name: Name) -> Field:
        steps = name.text.split(".")
        if len(steps) > 1 and steps[0].lower() in self._own:
            steps = steps[1:]
        known = ".".join(steps).lower()
        if known not in self._known:
            self._known[known] = self._found(name, steps)
        return self._known[known]

    def _found(self, name: Name, steps: list[str]) -> Field:
        if len(steps) > 1:
            return self._parents.field(name, steps[:-1], steps[-1])
        field = self._object.field(steps[0])
        if field is None:
            raise no_such_column(self._query.text, name.at, steps[0], self._object.name)
        return field


def _living(query: Query) -> str:
    # The index on IsDeleted lists all rows fast; the plus keeps SQLite from preferring it to any other index.
    return '"IsDeleted" = 0' if query.where is None and not query.order else '+"IsDeleted" = 0'


def _unknown_object(query: Query) -> RequestError:
    return pointing(
        query.text,
        query.entity.at,
        "INVALID_TYPE",
        f"sObject type '{query.entity.text}' is not supported. If you are attempting to use a custom object, be sure "
        "to append the '__c' after the entity name. Please reference your WSDL or the describe call for the "
        "appropriate names.",
    )


def _fields(query: Query, one: SObject, names: Names) -> tuple[Field, ...]:
    if query.group is None:
        fields = tuple(names.field(name) for name in query.fields)
        for at, field in enumerate(fields):
            if field in fields[:at]:
                raise pointing(
                    query.text, query.fields[at].at, "INVALID_FIELD", f"duplicate field selected: {field.name}"
                )
        return fields
    if query.group != "STANDARD" and (query.limit is None or query.limit > MOST_OF_FIELDS_ALL):
        message = f"The SOQL FIELDS function must have a LIMIT of at most {MOST_OF_FIELDS_ALL}"
        raise malformed(query.text, len("SELECT "), message)
    wanted = {"ALL": (True, False), "STANDARD": (False,), "CUSTOM": (True,)}[query.group]
    return tuple(field for field in one.fields.values() if field.name.endswith("__c") in wanted)


def _order(query: Query, names: Names) -> str:
    if not query.order:
        return ""
    if query.counts:
        raise malformed(query.text, query.order[0].field.at, "ORDER BY is not allowed with COUNT()")
    terms = []
    for ordering in query.order:
        field = names.field(ordering.field)
        if not field.sortable:
            message = f"field '{field.name}' can not be sorted in a query call"
            raise pointing(query.text, ordering.field.at, "INVALID_FIELD", message)
        collation = " COLLATE NOCASE" if field.type in TEXT_TYPES else ""
        direction = "DESC" if ordering.descending else "ASC"
        nulls = "LAST" if ordering.nulls_last else "FIRST"
        # Ids are never null, and only the plain term lets their index give the order.
        terms.append(
            f'"Id" {direction}' if field.name == "Id" else f"{field.column}{collation} {direction} NULLS {nulls}"
        )
    if not any(term.startswith('"Id" ') for term in terms):
        # Equal rows must not change places between two pages.
        terms.append("rowid")
    return " ORDER BY " + ", ".join(terms)


def _bounds(query: Query) -> str:
    if query.offset > MOST_OFFSET:
        raise RequestError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MOST_OFFSET}")
    if query.limit is None and not query.offset:
        return ""
    return f" LIMIT {-1 if query.limit is None else query.limit} OFFSET {query.offset}"
