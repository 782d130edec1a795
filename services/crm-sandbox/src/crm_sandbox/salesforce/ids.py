"""Salesforce record ids: 15 characters that count case, and 18 that need not."""

import re

# In this order the ids of later records sort after those of earlier ones, which keyset paging relies on.
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_INSTANCE = "RS0"
_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?\Z")


def make_id(prefix: str, number: int) -> str:
    """The 18-character id of an object's n-th record."""
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _DIGITS[rest] + digits
    short = prefix + _INSTANCE + digits.rjust(9, "0")
    return short + checksum(short)


def checksum(short: str) -> str:
    """Three characters that say which of the fifteen are upper case."""
    return "".join(
        _CHECK[sum(1 << bit for bit, char in enumerate(short[at : at + 5]) if "A" <= char <= "Z")] for at in (0, 5, 10)
    )


def to_18(text: str) -> str | None:
    """The 18-character form of an id, or None when it is not one."""
    if not _ID.match(text):
        return None
    if len(text) == 15:
        return text + checksum(text)
    return text if checksum(text[:15]) == text[15:] else None
