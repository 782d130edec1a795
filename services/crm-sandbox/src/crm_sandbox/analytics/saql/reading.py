"""Takes words from the front of a query, one by one."""

from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

from crm_sandbox.analytics.saql.lexer import Token, refused

T = TypeVar("T")


class Words:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._next.kind == "end"

    def next_is(self, kind: str) -> bool:
        return self._next.kind == kind

    def name(self, wanted: str) -> str:
        return self._take("name", wanted).text

    def field(self) -> str:
        """`'Field'`; a stream's name before it is not supported."""
        return self._take("field", "a field in single quotes").value

    def text(self, wanted: str) -> str:
        return self._take("text", wanted).value

    def value(self) -> str | float:
        if self.next_is("text"):
            return self._take("text", "a value").value
        return float(self._take("number", "a number or a text in double quotes").text)

    def whole_number(self) -> int:
        text = self._take("number", "a number").text
        if not text.isdigit():
            raise refused(f"{text} is no whole number from 0")
        return int(text)

    def word(self, text: str) -> None:
        if not self.take_word(text):
            self.fail(text)

    def take_word(self, text: str) -> bool:
        return self._take_if("name", text)

    def symbol(self, text: str) -> None:
        if not self.take_symbol(text):
            self.fail(f"'{text}'")

    def take_symbol(self, text: str) -> bool:
        return self._take_if("symbol", text)

    def list_or_one(self, item: Callable[[], T]) -> tuple[T, ...]:
        """One item, or several between parentheses."""
        if not self.take_symbol("("):
            return (item(),)
        items = [item()]
        while self.take_symbol(","):
            items.append(item())
        self.symbol(")")
        return tuple(items)

    def fail(self, wanted: str) -> NoReturn:
        found = self._next
        raise refused(f"Expected {wanted} at position {found.at}, found '{found.text or 'the end'}'")

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self, kind: str, wanted: str) -> Token:
        if self._next.kind != kind:
            self.fail(wanted)
        token = self._next
        self._at += 1
        return token

    def _take_if(self, kind: str, text: str) -> bool:
        if self._next.kind == kind and self._next.text == text:
            self._at += 1
            return True
        return False
