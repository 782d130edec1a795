"""Statements become one SQL query over the rows of a dataset version."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from crm_sandbox.analytics.datasets import Version
from crm_sandbox.analytics.file_rows import date_columns
from crm_sandbox.analytics.saql.lexer import refused
from crm_sandbox.analytics.saql.syntax import (
    Comparison,
    Condition,
    Filter,
    Foreach,
    Group,
    Joined,
    Limit,
    Load,
    Membership,
    Not,
    Offset,
    Order,
    Output,
    Presence,
    Statement,
)

UNLIMITED_ROWS = 10_000
"""What a query without a limit returns, without a word about it (SAQL reference, limit)."""

Value = str | float
FindVersion = Callable[[str], Version]


@dataclass(frozen=True, slots=True)
class Stream:
    """What a name stands for after a statement."""

    sql: str
    values: tuple[Value, ...]
    fields: tuple[str, ...]
    numbers: frozenset[str]
    grouped: tuple[str, ...] | None = None
    ordered: bool = False
    limited: bool = False


def compiled(statements: list[Statement], find: FindVersion) -> Stream:
    """The stream of the last statement; `find` gives the version of an id/version, or refuses it."""
    streams: dict[str, Stream] = {}
    for one in statements:
        if isinstance(one.operation, Load):
            streams[one.target] = _loaded(find(one.operation.reference))
            continue
        stream = streams.get(one.stream or "")
        if stream is None:
            raise refused(f"Undefined stream '{one.stream}'")
        streams[one.target] = _applied(stream, one)
    last = streams[statements[-1].target]
    if last.grouped is not None:
        raise refused("A group needs a foreach after it")
    if not last.limited:
        return replace(last, sql=f"SELECT * FROM ({last.sql}) LIMIT {UNLIMITED_ROWS}")
    return last


def _applied(stream: Stream, statement: Statement) -> Stream:
    operation = statement.operation
    if stream.grouped is not None and not isinstance(operation, Foreach):
        raise refused("A group needs a foreach after it")
    match operation:
        case Filter():
            _refuse_after_limit(stream, "filter")
            condition, values = _condition(stream, operation.condition)
            sql = f"SELECT * FROM ({stream.sql}) WHERE {condition}"
            return replace(stream, sql=sql, values=(*stream.values, *values))
        case Group():
            for name in operation.fields:
                _known(stream, name)
            return replace(stream, grouped=operation.fields)
        case Foreach():
            return _generated(stream, operation)
        case Order():
            keys = ", ".join(f"{_column(stream, name)} {'DESC' if down else 'ASC'}" for name, down in operation.keys)
            _refuse_after_limit(stream, "order")
            return replace(stream, sql=f"SELECT * FROM ({stream.sql}) ORDER BY {keys}", ordered=True)
        case Offset():
            if stream.limited:
                raise refused("The offset statement must come before the limit statement")
            if not stream.ordered:
                raise refused("The offset statement must come after an order statement")
            return replace(stream, sql=f"SELECT * FROM ({stream.sql}) LIMIT -1 OFFSET {operation.rows}")
        case Limit():
            return replace(stream, sql=f"SELECT * FROM ({stream.sql}) LIMIT {operation.rows}", limited=True)
    raise refused("This statement is not supported by this sandbox")


def _loaded(version: Version) -> Stream:
    names: list[str] = []
    numbers: set[str] = set()
    for field in version.fields:
        names.append(field.name)
        if field.kind == "Numeric":
            numbers.add(field.name)
        if field.kind == "Date":
            names += (columns := date_columns(field.name))
            numbers.update(name for name in columns if name.endswith("_epoch"))
    picked = ", ".join(f"""body ->> '$."{name}"' AS "{name}\"""" for name in names)
    sql = f"SELECT {picked} FROM an_rows WHERE version_id = ?"
    return Stream(sql, (version.id,), tuple(names), frozenset(numbers))


def _generated(stream: Stream, operation: Foreach) -> Stream:
    if stream.ordered or stream.limited:
        raise refused("A foreach statement must come before order, offset and limit")
    parts: list[str] = []
    numbers: set[str] = set()
    for output in operation.outputs:
        parts.append(f"{_expression(stream, output)} AS {_quoted(output.alias)}")
        if output.function is not None or output.field in stream.numbers:
            numbers.add(output.alias)
    group = ", ".join(_quoted(name) for name in stream.grouped or ())
    sql = f"SELECT {', '.join(parts)} FROM ({stream.sql})" + (f" GROUP BY {group}" if group else "")
    aliases = tuple(output.alias for output in operation.outputs)
    return Stream(sql, stream.values, aliases, frozenset(numbers))


def _expression(stream: Stream, output: Output) -> str:
    if output.function is None:
        if stream.grouped is not None and output.field not in stream.grouped:
            raise refused(f"The field '{output.field}' is neither grouped nor aggregated")
        return _column(stream, str(output.field))
    if stream.grouped is None:
        raise refused(f"{output.function}() needs a group statement before it")
    if output.field is None:
        return "count(*)"
    column = _column(stream, output.field)
    if output.function != "unique" and output.field not in stream.numbers:
        raise refused(f"{output.function}() needs a measure, '{output.field}' is a dimension")
    return f"count(DISTINCT {column})" if output.function == "unique" else f"{output.function}({column})"


def _condition(stream: Stream, condition: Condition) -> tuple[str, tuple[Value, ...]]:
    match condition:
        case Comparison():
            operator = {"==": "="}.get(condition.operator, condition.operator)
            return f"{_column(stream, condition.field)} {operator} ?", (condition.value,)
        case Membership():
            marks = ", ".join("?" * len(condition.values))
            word = "NOT IN" if condition.negated else "IN"
            return f"{_column(stream, condition.field)} {word} ({marks})", condition.values
        case Presence():
            return f"{_column(stream, condition.field)} IS {'NOT ' if condition.there else ''}NULL", ()
        case Not():
            inner, values = _condition(stream, condition.condition)
            return f"NOT ({inner})", values
        case Joined():
            parts = [_condition(stream, one) for one in condition.conditions]
            joined = f" {condition.word} ".join(f"({sql})" for sql, _ in parts)
            return joined, tuple(value for _, values in parts for value in values)


def _refuse_after_limit(stream: Stream, what: str) -> None:
    if stream.limited:
        raise refused(f"A {what} statement cannot come after limit")


def _column(stream: Stream, name: str) -> str:
    _known(stream, name)
    return _quoted(name)


def _known(stream: Stream, name: str) -> None:
    if name not in stream.fields:
        raise refused(f"Undefined identifier: '{name}'")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
