"""SOQL by recursive descent: one method for each clause."""

import re
from typing import NoReturn

from crm_sandbox.salesforce.errors import RequestError
from crm_sandbox.salesforce.soql.lexer import Token, malformed, tokens
from crm_sandbox.salesforce.soql.syntax import (
    Comparison,
    Condition,
    Joined,
    Kind,
    Literal,
    Membership,
    Name,
    Not,
    Ordering,
    Query,
)

_PERIODS = ("TODAY", "YESTERDAY", "TOMORROW", "LAST_N_DAYS", "NEXT_N_DAYS")
_OTHER_PERIODS = re.compile(r"(THIS|LAST|NEXT)_(WEEK|MONTH|QUARTER|YEAR|90_DAYS|FISCAL_\w+|N_\w+)|N_\w+_AGO")
_COMPARISONS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "LIKE": "LIKE"}
_CLAUSES = ("USING", "WHERE", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "UPDATE", "ALL")
_GROUPS = ("ALL", "STANDARD", "CUSTOM")


def parse(query: str) -> Query:
    """The query, or MALFORMED_QUERY naming the clause that the sandbox does not speak."""
    parser = _Parser(query)
    try:
        return parser.query()
    except RecursionError as error:
        raise RequestError("QUERY_TOO_COMPLICATED", "Query is nested too deeply") from error


class _Parser:
    def __init__(self, query: str) -> None:
        self._query = query
        self._tokens = tokens(query)
        self._next = 0

    def query(self) -> Query:
        self._expect("SELECT")
        counts, group, fields = self._selection()
        self._expect("FROM")
        entity = self._name("an object's name")
        alias = self._alias()
        where = self._where() if self._take("WHERE") else None
        self._refuse_clauses("USING", "WITH", "GROUP", "HAVING")
        order = self._order() if self._take("ORDER") else ()
        limit = self._whole_number("LIMIT") if self._take("LIMIT") else None
        offset = self._whole_number("OFFSET") if self._take("OFFSET") else 0
        self._refuse_clauses("FOR", "UPDATE", "ALL")
        if self._peek().kind != "end":
            self._fail()
        return Query(self._query, entity, fields, alias, counts, group, where, order, limit, offset)

    def _selection(self) -> tuple[bool, str | None, tuple[Name, ...]]:
        if self._at_call("COUNT") and self._peek(2).says(")"):
            self._skip(3)
            return True, None, ()
        if self._at_call("FIELDS"):
            self._skip(2)
            group = self._peek().text.upper()
            if group not in _GROUPS:
                self._fail("FIELDS takes ALL, STANDARD or CUSTOM")
            self._skip(1)
            self._expect(")")
            return False, group, ()
        fields = [self._selected()]
        while self._take(","):
            fields.append(self._selected())
        return False, None, tuple(fields)

    def _selected(self) -> Name:
        token = self._peek()
        if token.says("("):
            self._fail("nested queries in SELECT are not supported by this sandbox")
        if token.says("TYPEOF"):
            self._fail("TYPEOF is not supported by this sandbox")
        if token.kind == "name" and self._peek(1).says("("):
            self._fail(f"the function {token.text}(…) in SELECT is not supported by this sandbox")
        return self._name("a field's name")

    def _alias(self) -> str | None:
        self._take("AS")
        token = self._peek()
        if token.says(","):
            self._fail("a second object in FROM is not supported by this sandbox")
        if token.kind != "name" or token.says(*_CLAUSES):
            return None
        self._skip(1)
        return token.text

    def _where(self) -> Condition:
        first = self._term()
        word = self._peek().text.upper()
        conditions = [first]
        while self._peek().says("AND", "OR"):
            # As in a real org: without parentheses nobody could say which binds first.
            if not self._peek().says(word):
                self._fail(f"AND and OR need parentheses; unexpected token: '{self._peek().text}'")
            self._skip(1)
            conditions.append(self._term())
        return first if len(conditions) == 1 else Joined(word, tuple(conditions))

    def _term(self) -> Condition:
        if self._take("NOT"):
            return Not(self._term())
        if self._take("("):
            condition = self._where()
            self._expect(")")
            return condition
        return self._comparison()

    def _comparison(self) -> Condition:
        if self._peek().kind == "name" and self._peek(1).says("("):
            self._fail(f"the function {self._peek().text}(…) in WHERE is not supported by this sandbox")
        field = self._name("a field's name")
        if self._take("IN"):
            return Membership(field, False, self._list())
        if self._peek().says("NOT") and self._peek(1).says("IN"):
            self._skip(2)
            return Membership(field, True, self._list())
        token = self._peek()
        if token.says("INCLUDES", "EXCLUDES"):
            self._fail(f"{token.text.upper()} is not supported by this sandbox")
        if not token.says(*_COMPARISONS):
            self._fail()
        self._skip(1)
        return Comparison(field, _COMPARISONS[token.text.upper()], self._literal())

    def _list(self) -> tuple[Literal, ...]:
        self._expect("(")
        if self._peek().says("SELECT"):
            self._fail("a nested SELECT in IN is not supported by this sandbox")
        values = [self._literal()]
        while self._take(","):
            values.append(self._literal())
        self._expect(")")
        return tuple(values)

    def _literal(self) -> Literal:
        token = self._peek()
        kind = {"text": Kind.TEXT, "number": Kind.NUMBER, "date": Kind.DATE, "datetime": Kind.DATETIME}.get(token.kind)
        if token.says("TRUE", "FALSE"):
            kind = Kind.BOOLEAN
        elif token.says("NULL"):
            kind = Kind.NULL
        elif token.says(*_PERIODS):
            return self._period(token)
        if token.says(":"):
            self._fail("bind variables are not supported over REST")
        if kind is None:
            self._fail(self._not_a_literal(token))
        self._skip(1)
        return Literal(kind, token.text, token.at)

    def _period(self, token: Token) -> Literal:
        self._skip(1)
        days = 0
        if token.text.upper().endswith("_N_DAYS"):
            self._expect(":")
            days = self._whole_number(token.text.upper())
        return Literal(Kind.PERIOD, token.text.upper(), token.at, days)

    def _not_a_literal(self, token: Token) -> str | None:
        if token.kind == "name" and _OTHER_PERIODS.fullmatch(token.text.upper()):
            return f"the date literal {token.text.upper()} is not supported by this sandbox"
        return None

    def _order(self) -> tuple[Ordering, ...]:
        self._expect("BY")
        orderings = [self._ordering()]
        while self._take(","):
            orderings.append(self._ordering())
        return tuple(orderings)

    def _ordering(self) -> Ordering:
        if self._peek().kind == "name" and self._peek(1).says("("):
            self._fail(f"the function {self._peek().text}(…) in ORDER BY is not supported by this sandbox")
        field = self._name("a field's name")
        descending = self._take("DESC")
        if not descending:
            self._take("ASC")
        nulls_last = False
        if self._take("NULLS"):
            nulls_last = self._take("LAST")
            if not nulls_last:
                self._expect("FIRST")
        return Ordering(field, descending, nulls_last)

    def _whole_number(self, clause: str) -> int:
        token = self._peek()
        if token.kind != "number" or not token.text.isdecimal() or len(token.text) > 9:
            self._fail(f"{clause} needs a whole number; unexpected token: '{token.text}'")
        self._skip(1)
        return int(token.text)

    def _name(self, what: str) -> Name:
        token = self._peek()
        if token.kind != "name" or token.says("FROM", *_CLAUSES):
            self._fail(f"expecting {what}; unexpected token: '{token.text}'")
        self._skip(1)
        return Name(token.text, token.at)

    def _refuse_clauses(self, *clauses: str) -> None:
        token = self._peek()
        if token.says(*clauses):
            whole = {"GROUP": "GROUP BY", "USING": "USING SCOPE", "ALL": "ALL ROWS"}.get(token.text.upper())
            self._fail(f"{whole or token.text.upper()} is not supported by this sandbox")

    def _at_call(self, name: str) -> bool:
        return self._peek().says(name) and self._peek(1).says("(")

    def _peek(self, ahead: int = 0) -> Token:
        return self._tokens[min(self._next + ahead, len(self._tokens) - 1)]

    def _skip(self, count: int) -> None:
        self._next += count

    def _take(self, word: str) -> bool:
        taken = self._peek().says(word)
        self._next += taken
        return taken

    def _expect(self, word: str) -> None:
        if not self._take(word):
            self._fail(f"expecting '{word}'; unexpected token: '{self._peek().text}'")

    def _fail(self, message: str | None = None) -> NoReturn:
        token = self._peek()
        raise malformed(self._query, token.at, message or f"unexpected token: '{token.text}'")
