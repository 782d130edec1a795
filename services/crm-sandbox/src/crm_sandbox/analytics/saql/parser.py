"""Words become statements; whatever is not understood is refused."""

from collections.abc import Callable

from crm_sandbox.analytics.saql.conditions import ConditionParser
from crm_sandbox.analytics.saql.lexer import refused, tokens
from crm_sandbox.analytics.saql.reading import Words
from crm_sandbox.analytics.saql.syntax import (
    Filter,
    Foreach,
    Group,
    Limit,
    Load,
    Offset,
    Operation,
    Order,
    Output,
    Statement,
)

FUNCTIONS = frozenset({"count", "sum", "avg", "min", "max", "unique"})


def parsed(query: str) -> list[Statement]:
    """The statements of a query."""
    words = Words(tokens(query))
    statements: list[Statement] = []
    while not words.at_end:
        statements.append(_statement(words))
    if not statements:
        raise refused("The query is empty")
    return statements


def _statement(words: Words) -> Statement:
    target = words.name("the name of a stream")
    words.symbol("=")
    verb = words.name("load, filter, group, foreach, order, offset or limit")
    if verb == "load":
        statement = Statement(target, None, Load(words.text('a dataset as "id/version"')))
    elif verb in _READERS:
        stream = words.name("the name of a stream")
        statement = Statement(target, stream, _READERS[verb](words))
    else:
        raise refused(f"'{verb}' is not supported by this sandbox")
    words.symbol(";")
    return statement


def _filter(words: Words) -> Operation:
    words.word("by")
    return Filter(ConditionParser(words).condition())


def _group(words: Words) -> Operation:
    words.word("by")
    if words.take_word("all"):
        return Group(())
    return Group(words.list_or_one(words.field))


def _foreach(words: Words) -> Operation:
    words.word("generate")
    outputs = [_output(words)]
    while words.take_symbol(","):
        outputs.append(_output(words))
    aliases = [output.alias for output in outputs]
    if twice := next((alias for alias in aliases if aliases.count(alias) > 1), None):
        raise refused(f"The field '{twice}' is generated twice")
    return Foreach(tuple(outputs))


def _output(words: Words) -> Output:
    function, field = None, None
    if words.next_is("name"):
        function = words.name("a field or a function")
        if function not in FUNCTIONS:
            raise refused(f"The function '{function}' is not supported by this sandbox")
        words.symbol("(")
        field = None if function == "count" else words.field()
        words.symbol(")")
    else:
        field = words.field()
    if words.take_word("as"):
        return Output(words.field(), field, function)
    if function is not None:
        raise refused(f"The result of {function}() needs a name: as 'name'")
    return Output(str(field), field)


def _order(words: Words) -> Operation:
    words.word("by")
    return Order(words.list_or_one(lambda: _key(words)))


def _key(words: Words) -> tuple[str, bool]:
    field = words.field()
    if words.take_word("desc"):
        return field, True
    words.take_word("asc")
    return field, False


_READERS: dict[str, Callable[[Words], Operation]] = {
    "filter": _filter,
    "group": _group,
    "foreach": _foreach,
    "order": _order,
    "offset": lambda words: Offset(words.whole_number()),
    "limit": lambda words: Limit(words.whole_number()),
}
