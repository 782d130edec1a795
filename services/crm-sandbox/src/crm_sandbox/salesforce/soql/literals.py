"""SOQL's string literals: what the backslashes mean."""

import re
from collections.abc import Iterator

_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\", "_": "_", "%": "%"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))|([^\\])", re.DOTALL)


class EscapeError(Exception):
    """A backslash before a character that needs none."""


def quote(text: str) -> str:
    """The literal that means this text."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def unquote(literal: str) -> str:
    """The text that a literal means where it is compared whole."""
    return "".join(char for char, _ in _characters(literal))


def like_pattern(literal: str) -> str:
    r"""The literal as a pattern of SQL's LIKE … ESCAPE '\', where an escaped % or _ stands for itself."""
    return "".join(
        "\\" + char if char == "\\" or (char in "%_" and escaped) else char for char, escaped in _characters(literal)
    )


def _characters(literal: str) -> Iterator[tuple[str, bool]]:
    """Each character that is meant, and whether a backslash stood before it."""
    body, at = literal[1:-1], 0
    while at < len(body):
        found = _ESCAPE.match(body, at)
        if found is None:
            raise EscapeError("\\")
        code, escaped, plain = found.groups()
        if code:
            yield chr(int(code, 16)), True
        elif escaped:
            yield _unescaped(escaped), True
        else:
            yield plain, False
        at = found.end()


def _unescaped(char: str) -> str:
    meant = _SIMPLE.get(char) or _SIMPLE.get(char.lower() if char in "NRTBF" else char)
    if meant is None:
        raise EscapeError("\\" + char)
    return meant
