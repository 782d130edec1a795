"""The words of a SAQL query."""

import re
from dataclasses import dataclass

from crm_sandbox.salesforce.errors import RequestError

_TOKEN = re.compile(
    r"""
      (?P<space>\s+|--[^\n]*)
    | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    | (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<field>'(?:[^'\\]|\\.)*')
    | (?P<name>[A-Za-z_]\w*)
    | (?P<symbol>==|!=|<=|>=|&&|\|\||[=<>;,()!.\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int

    @property
    def value(self) -> str:
        """What stands between the quotes."""
        return _ESCAPED.sub(r"\1", self.text[1:-1])


def tokens(query: str) -> list[Token]:
    """All words and an end mark; a character that begins none is refused."""
    found: list[Token] = []
    at = 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None or match.lastgroup is None:
            raise refused(f"Unexpected input '{query[at : at + 12]}' at position {at}")
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match.group(), at))
        at = match.end()
    return [*found, Token("end", "", len(query))]


def refused(message: str, code: str = "119") -> RequestError:
    """SAQL's errors have numbers for codes; the texts are assumed."""
    return RequestError(code, message, status=400)
