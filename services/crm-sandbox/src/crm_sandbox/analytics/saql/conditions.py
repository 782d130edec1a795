"""What stands after `filter … by`."""

from collections.abc import Callable

from crm_sandbox.analytics.saql.reading import Words
from crm_sandbox.analytics.saql.syntax import Comparison, Condition, Joined, Membership, Not, Presence

OPERATORS = ("==", "!=", "<=", ">=", "<", ">")


class ConditionParser:
    def __init__(self, words: Words) -> None:
        self._words = words

    def condition(self) -> Condition:
        return self._joined("||", lambda: self._joined("&&", self._one))

    def _joined(self, symbol: str, part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while self._words.take_symbol(symbol):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Joined("OR" if symbol == "||" else "AND", tuple(parts))

    def _one(self) -> Condition:
        words = self._words
        if words.take_symbol("!"):
            return Not(self._one())
        if words.take_symbol("("):
            inner = self.condition()
            words.symbol(")")
            return inner
        field = words.field()
        if words.take_word("is"):
            negated = words.take_word("not")
            words.word("null")
            return Presence(field, there=negated)
        if words.take_word("not"):
            words.word("in")
            return Membership(field, True, self._list())
        if words.take_word("in"):
            return Membership(field, False, self._list())
        operator = next((one for one in OPERATORS if words.take_symbol(one)), None)
        if operator is None:
            words.fail("a comparison")
        return Comparison(field, operator, words.value())

    def _list(self) -> tuple[str | float, ...]:
        words = self._words
        words.symbol("[")
        values = [words.value()]
        while words.take_symbol(","):
            values.append(words.value())
        words.symbol("]")
        return tuple(values)
