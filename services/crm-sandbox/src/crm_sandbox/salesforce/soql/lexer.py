"""A query's words, with their places."""

import re
from dataclasses import dataclass

from crm_sandbox.salesforce.errors import RequestError

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<datetime>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))
    | (?P<date>\d{4}-\d{2}-\d{2}(?![\w:]))
    | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?!\w))
    | (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)
    | (?P<symbol><=|>=|!=|<>|[=<>(),:])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int

    def says(self, *words: str) -> bool:
        return self.kind in ("name", "symbol") and self.text.upper() in words


def tokens(query: str) -> list[Token]:
    """The query's tokens and an end mark; a character that starts none is refused."""
    found: list[Token] = []
    at = 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None or match.lastgroup is None:
            unended = query[at] == "'"
            raise malformed(query, at, "unterminated string" if unended else f"unexpected token: '{query[at]}'")
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match.group(), at))
        at = match.end()
    return [*found, Token("end", "<EOF>", len(query))]


def malformed(query: str, at: int, message: str) -> RequestError:
    return pointing(query, at, "MALFORMED_QUERY", message)


def pointing(query: str, at: int, code: str, message: str) -> RequestError:
    """Salesforce's query errors quote the query, put a caret under the culprit and name its place."""
    start = max(0, at - 32)
    quoted = query[start : at + 32].replace("\n", " ")
    row = query.count("\n", 0, at) + 1
    column = at - (query.rfind("\n", 0, at) + 1) + 1
    place = f"\n{quoted}\n{' ' * (at - start)}^\nERROR at Row:{row}:Column:{column}\n"
    return RequestError(code, place + message)
