"""WHERE as SQL: every comparison is true or false, because in SOQL null differs from every value."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from crm_sandbox.clock import Clock, stamp
from crm_sandbox.foreign import Scalar
from crm_sandbox.salesforce.errors import RequestError
from crm_sandbox.salesforce.ids import to_18
from crm_sandbox.salesforce.schema import ID_TYPES, NUMBER_TYPES, TEXT_TYPES, Field
from crm_sandbox.salesforce.soql.lexer import malformed, pointing
from crm_sandbox.salesforce.soql.literals import EscapeError, like_pattern, unquote
from crm_sandbox.salesforce.soql.syntax import Comparison, Condition, Joined, Kind, Literal, Membership, Name, Not

Sql = tuple[str, list[Scalar]]

_KINDS = {
    **dict.fromkeys(TEXT_TYPES | ID_TYPES, Kind.TEXT),
    **dict.fromkeys(NUMBER_TYPES, Kind.NUMBER),
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "datetime": Kind.DATETIME,
}


class FieldNames(Protocol):
    def field(self, name: Name) -> Field: ...


class Conditions:
    def __init__(self, query: str, names: FieldNames, clock: Clock) -> None:
        self._query = query
        self._names = names
        self._clock = clock

    def sql(self, condition: Condition) -> Sql:
        if isinstance(condition, Not):
            return _negated(self.sql(condition.condition))
        if isinstance(condition, Joined):
            parts = [self.sql(one) for one in condition.conditions]
            values = [value for _, bound in parts for value in bound]
            return "(" + f" {condition.word} ".join(text for text, _ in parts) + ")", values
        if isinstance(condition, Membership):
            return self._membership(condition)
        return self._comparison(condition)

    def _membership(self, condition: Membership) -> Sql:
        field = self._filterable(condition.field)
        some = [value for value in condition.values if not _is_null(field, value)]
        for value in some:
            if value.kind is Kind.PERIOD:
                raise malformed(self._query, value.at, f"{value.text} in a list is not supported by this sandbox")
        column, values = self._equals(field, [self._value(field, value) for value in some])
        text = f"{column} IN ({', '.join('?' * len(values))})"
        if len(some) < len(condition.values):
            text = f"({text} OR {field.column} IS NULL)"
        return _negated((text, values)) if condition.negated else (text, values)

    def _comparison(self, condition: Comparison) -> Sql:
        field = self._filterable(condition.field)
        operator, value = condition.operator, condition.value
        if operator == "LIKE":
            return self._like(field, value)
        if operator not in ("=", "!=") and field.type in ("boolean", "multipicklist", "reference"):
            raise self._bad_operator(condition.field)
        if value.kind is Kind.PERIOD:
            return self._period(field, operator, value)
        if _is_null(field, value):
            return self._null(field, operator, value)
        if operator == "!=":
            return _negated(self._comparison(Comparison(condition.field, "=", value)))
        bound = self._value(field, value)
        if operator == "=":
            column, values = self._equals(field, [bound])
            return f"{column} = ?", values
        collation = " COLLATE NOCASE" if field.type in TEXT_TYPES else ""
        return f"{field.column} {operator} ?{collation}", [bound]

    def _equals(self, field: Field, values: Sequence[Scalar]) -> Sql:
        """The column to compare with, and the values brought to its form; text counts no case."""
        if field.is_key and field.type not in ID_TYPES:
            return field.key_column, [field.fold(value) for value in values]
        if field.type not in TEXT_TYPES:
            return field.column, list(values)
        if all(str(value).isascii() for value in values):
            return f"{field.column} COLLATE NOCASE", list(values)
        return f"fold({field.column})", [str(value).casefold() for value in values]

    def _like(self, field: Field, value: Literal) -> Sql:
        if field.type not in TEXT_TYPES or field.type == "multipicklist":
            raise RequestError("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {field.type} field: LIKE")
        if value.kind is not Kind.TEXT:
            raise self._wrong_kind(field, value)
        pattern = self._read(value, like_pattern)
        if pattern.isascii():
            return f"{field.column} LIKE ? ESCAPE '\\'", [pattern]
        return f"fold({field.column}) LIKE ? ESCAPE '\\'", [pattern.casefold()]

    def _null(self, field: Field, operator: str, value: Literal) -> Sql:
        if operator not in ("=", "!="):
            raise malformed(self._query, value.at, f"unexpected token: '{value.text}'")
        return f"{field.column} IS {'NOT ' if operator == '!=' else ''}NULL", []

    def _period(self, field: Field, operator: str, value: Literal) -> Sql:
        """A day or a run of days: equal means within, less means before its start."""
        if field.type not in ("date", "datetime"):
            raise self._wrong_kind(field, value)
        start, end = self._days(field, value)
        column = field.column
        if operator in ("=", "!="):
            within: Sql = (f"({column} >= ? AND {column} < ?)", [start, end])
            return within if operator == "=" else _negated(within)
        text = {"<": f"{column} < ?", ">=": f"{column} >= ?", "<=": f"{column} < ?", ">": f"{column} >= ?"}[operator]
        return text, [start if operator in ("<", ">=") else end]

    def _days(self, field: Field, value: Literal) -> tuple[str, str]:
        first, after = {
            "TODAY": (0, 1),
            "YESTERDAY": (-1, 0),
            "TOMORROW": (1, 2),
            "LAST_N_DAYS": (-value.days, 1),
            "NEXT_N_DAYS": (1, value.days + 1),
        }[value.text]
        today = self._clock.moment().date()
        try:
            days = [today + timedelta(days=count) for count in (first, after)]
        except OverflowError as error:
            raise malformed(self._query, value.at, f"{value.text}:{value.days} is out of range") from error
        if field.type == "date":
            return days[0].isoformat(), days[1].isoformat()
        return stamp(datetime.combine(days[0], time(), UTC)), stamp(datetime.combine(days[1], time(), UTC))

    def _value(self, field: Field, value: Literal) -> Scalar:
        wanted = _KINDS.get(field.type)
        if value.kind is not wanted:
            raise self._wrong_kind(field, value)
        if value.kind is Kind.NUMBER:
            return float(value.text)
        if value.kind is Kind.BOOLEAN:
            return int(value.text.upper() == "TRUE")
        if value.kind is Kind.DATETIME:
            return self._moment(value)
        if value.kind is Kind.DATE:
            return self._day(value)
        text = self._read(value, unquote)
        if field.type in ID_TYPES:
            return self._id(field, text)
        return text

    def _id(self, field: Field, text: str) -> str:
        record_id = to_18(text)
        if record_id is None:
            raise RequestError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
        return record_id

    def _moment(self, value: Literal) -> str:
        try:
            return stamp(datetime.fromisoformat(value.text))
        except (ValueError, OverflowError) as error:
            raise malformed(self._query, value.at, f"invalid datetime: {value.text}") from error

    def _day(self, value: Literal) -> str:
        try:
            return date.fromisoformat(value.text).isoformat()
        except ValueError as error:
            raise malformed(self._query, value.at, f"invalid date: {value.text}") from error

    def _filterable(self, name: Name) -> Field:
        field = self._names.field(name)
        if not field.filterable or field.type not in _KINDS:
            message = f"field '{field.name}' can not be filtered in a query call"
            raise pointing(self._query, name.at, "INVALID_FIELD", message)
        return field

    def _wrong_kind(self, field: Field, value: Literal) -> RequestError:
        quotes = "should be" if _KINDS.get(field.type) is Kind.TEXT else "should not be"
        message = (
            f"value of filter criterion for field '{field.name}' must be of type {field.type} "
            f"and {quotes} enclosed in quotes"
        )
        return pointing(self._query, value.at, "INVALID_FIELD", message)

    def _bad_operator(self, name: Name) -> RequestError:
        return RequestError("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on field: {name.text}")

    def _read(self, value: Literal, reading: "Reading") -> str:
        try:
            return reading(value.text)
        except EscapeError as error:
            raise malformed(self._query, value.at, f"Invalid string literal: illegal escape {error}") from error


class Reading(Protocol):
    def __call__(self, literal: str, /) -> str: ...


def _negated(condition: Sql) -> Sql:
    text, values = condition
    return f"NOT ifnull({text}, 0)", values


def _is_null(field: Field, value: Literal) -> bool:
    """Salesforce stores no empty text, so the empty string asks for null."""
    return value.kind is Kind.NULL or (value.text == "''" and field.type in TEXT_TYPES)
