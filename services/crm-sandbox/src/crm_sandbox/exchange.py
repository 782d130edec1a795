"""What a room is asked and what it answers: HTTP without the server."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

import orjson

# A path parameter with one of these names tells records apart, not calls.
_FOLDED = frozenset({"id", "value", "locator"})


@dataclass(slots=True)
class Call:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    words: Mapping[str, str] = field(default_factory=dict)
    # The query word by word, as some clients repeat a name.
    pairs: Sequence[tuple[str, str]] = ()
    # Set by a fault: the first record of this call fails with this code.
    fails_first: str | None = None
    # The same fault may name the rows of an upload to fail instead of the first.
    fails_rows: tuple[tuple[int, int], ...] = ()
    # Where the body lies of a route that takes uploads; `body` is then empty. Whoever wants the file moves it away.
    upload: Path | None = None

    def json(self) -> Any:
        """The body as JSON; ValueError where it is none."""
        return orjson.loads(self.body)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def bearer(self) -> str | None:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() in ("bearer", "oauth") else None

    def named(self, name: str) -> list[str]:
        """All values of a query word that may be repeated or hold several, joined by commas."""
        return [one for key, text in self.pairs if key == name for one in text.split(",") if one]

    def says(self, flag: str) -> bool:
        return self.query.get(flag, "").lower() == "true"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    # A body too large for the memory, in parts; `body` is then empty.
    parts: Iterator[bytes] | None = None

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> "Answer":
        named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
        return cls(status, orjson.dumps(value), (("content-type", "application/json;charset=UTF-8"), *named))


Respond = Callable[[Call], Answer]


class Route:
    """A method and a path template.

    `writes` marks calls that carry records, `reads_long` those worth a thread, `uploads` those whose body goes to disk.
    """

    def __init__(
        self,
        method: str,
        template: str,
        respond: Respond,
        *,
        writes: bool = False,
        reads_long: bool = False,
        uploads: bool = False,
    ) -> None:
        self.method = method
        self.respond = respond
        self.writes = writes
        self.reads_long = reads_long
        self.uploads = uploads
        self._folded = template
        self._pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template) + r"\Z")

    def words(self, path: str) -> dict[str, str] | None:
        """The path's parameters, decoded one by one so that an encoded slash stays within its own."""
        match = self._pattern.match(path)
        return None if match is None else {name: unquote(text) for name, text in match.groupdict().items()}

    def label(self, words: Mapping[str, str]) -> str:
        """The path without what tells records apart."""
        label = self._folded
        for name, text in words.items():
            label = label.replace(f"{{{name}}}", "{id}" if name in _FOLDED else text)
        return label


class Room(Protocol):
    """One vendor's API."""

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The beginnings of the paths that are this vendor's."""

    @property
    def routes(self) -> Sequence[Route]:
        """All that it answers."""

    def answer(self, call: Call, route: Route | None) -> Answer:
        """Answer a call; `route` is None where no route of this room fits."""

    def failure(self, status: int, code: str | None = None) -> Answer:
        """How this vendor words a failure that a fault asks for."""

    def seal(self, call: Call, answer: Answer) -> Answer:
        """What this vendor adds to every answer."""


def find_route(routes: Sequence[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    for route in routes:
        if route.method == method and (words := route.words(path)) is not None:
            return route, words
    return None
