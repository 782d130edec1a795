"""What of SAQL is understood; the rest is refused."""

import pytest

from crm_sandbox.analytics.saql.parser import parsed
from crm_sandbox.analytics.saql.syntax import Comparison, Filter, Foreach, Joined, Order, Output
from crm_sandbox.salesforce.errors import RequestError


def test_statements_keep_their_order() -> None:
    load, generate, order, offset, limit = parsed(
        "q = load \"0Fb/0Fc\"; q = foreach q generate 'A' as 'B'; q = order q by ('B' asc, 'A' desc); "
        "q = offset q 5; q = limit q 10;"
    )
    assert (load.target, load.stream) == ("q", None)
    assert generate.operation == Foreach((Output("B", "A"),))
    assert order.operation == Order((("B", False), ("A", True)))
    assert (offset.operation.rows, limit.operation.rows) == (5, 10)  # type: ignore[union-attr]


def test_and_binds_closer_than_or() -> None:
    (_, statement) = parsed("q = load \"a/b\"; q = filter q by 'A' == \"1\" || 'B' > 2 && 'C' != \"3\";")
    condition = statement.operation
    assert isinstance(condition, Filter)
    assert isinstance(condition.condition, Joined)
    assert condition.condition.word == "OR"
    assert condition.condition.conditions[0] == Comparison("A", "==", "1")


def test_quotes_within_quotes_are_escaped() -> None:
    (_, statement) = parsed('q = load "a/b"; q = filter q by \'A\' == "say \\"no\\"";')
    assert statement.operation == Filter(Comparison("A", "==", 'say "no"'))


@pytest.mark.parametrize(
    "query",
    [
        "",
        'q = load "a/b"',
        "q = load a; q = limit q 1;",
        'q = load "a/b"; q = limit q -1;',
        'q = load "a/b"; q = limit q 1.5;',
        'q = load "a/b"; q = sample q 5;',
        "q = load \"a/b\"; q = foreach q generate substr('A', 1) as 'B';",
        'q = load "a/b"; q = foreach q generate count();',
        "q = load \"a/b\"; q = foreach q generate 'A' as 'X', 'B' as 'X';",
        'q = load "a/b"; q = filter q by \'A\' matches "x";',
        "q = load \"a/b\"; q = order q by 'A' asc nulls last;",
        'q = load "a/b"; # limit',
    ],
)
def test_what_is_not_understood_is_refused(query: str) -> None:
    with pytest.raises(RequestError) as error:
        parsed(query)
    assert error.value.status == 400
